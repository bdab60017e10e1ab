package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.sql.ScriptPart;
import io.github.r2dbcsession.sql.ScriptException;
import io.r2dbc.postgresql.api.PostgresqlException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A text of several statements, for tests and for the start of an application; what changes a schema over time is the business of migration
 * tools. Immutable.
 *
 * <p>Statements are parted by semicolons outside of quotes, dollar quotes, comments and function bodies. Parameters, transaction commands,
 * COPY from STDIN and what begins with a backslash in psql are not for scripts.
 *
 * <pre>{@code
 * Mono<Integer> prepared = db.inTransaction(SqlScript.resource("/schema.sql")::run);
 * }</pre>
 */
public final class SqlScript {

    /** What some editors put before a text in UTF-8. */
    private static final String BYTE_ORDER_MARK = "\ufeff";

    private final String name;
    private final List<ScriptPart> parts;

    private SqlScript(String name, String text) {
        this.name = name;
        this.parts = ScriptPart.split(text.startsWith(BYTE_ORDER_MARK) ? text.substring(1) : text);
    }

    /**
     * Reads a text.
     *
     * @throws io.github.r2dbcsession.sql.StatementException when a quote or a comment in it does not end
     */
    public static SqlScript of(String text) {
        return new SqlScript("script", text);
    }

    /** Reads a file in UTF-8. Blocks while it is read. */
    public static SqlScript file(Path file) {
        try {
            return new SqlScript(file.getFileName().toString(), Files.readString(file));
        } catch (CharacterCodingException e) {
            throw new UncheckedIOException("the script " + file + " is not in UTF-8", e);
        } catch (IOException e) {
            throw new UncheckedIOException("the script " + file + " cannot be read", e);
        }
    }

    /**
     * Reads a resource in UTF-8. Blocks while it is read.
     *
     * @param name on the class path, with or without a slash before it
     */
    public static SqlScript resource(String name) {
        String path = name.startsWith("/") ? name : "/" + name;
        try (InputStream in = SqlScript.class.getResourceAsStream(path)) {
            if (in == null) {
                throw new IllegalArgumentException("there is no resource " + path + " on the class path");
            }
            return new SqlScript(path, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("the resource " + path + " cannot be read", e);
        }
    }

    /** How many statements it has. */
    public int statements() {
        return parts.size();
    }

    /**
     * Runs the statements one after another, and emits how many there were. Stops at the first that fails, with {@link ScriptException}:
     * in a transaction nothing of the script stays, elsewhere what was run before it. Run it in a session or a transaction where a
     * statement needs what one before has set.
     */
    public Mono<Integer> run(SqlClient client) {
        return Flux.range(0, parts.size())
                .concatMap(number -> run(client, number), 0)
                .then(Mono.just(parts.size()));
    }

    private Mono<Long> run(SqlClient client, int number) {
        ScriptPart part = parts.get(number);
        return Mono.defer(() -> client.sql(part.text()).rowsUpdated()).onErrorMap(failure -> {
            int at = position(failure);
            return new ScriptException(name, number + 1, part.lineOf(at), part.columnOf(at), failure);
        });
    }

    /** Where in the statement the error is, from 0; its beginning where the server does not tell. */
    private static int position(Throwable failure) {
        for (Throwable at = failure; at != null; at = at.getCause()) {
            if (at instanceof PostgresqlException told) {
                return told.getErrorDetails()
                        .getPosition()
                        .map(position -> Integer.parseInt(position) - 1)
                        .orElse(0);
            }
        }
        return 0;
    }
}
