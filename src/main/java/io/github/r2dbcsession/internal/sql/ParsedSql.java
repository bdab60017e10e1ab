package io.github.r2dbcsession.internal.sql;

import io.github.r2dbcsession.config.ResetPolicy;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A statement as the driver gets it, with the names of its parameters.
 *
 * <p>{@code :name} becomes {@code $n}, the same name the same number; a text with {@code $1} keeps its numbers. Literals,
 * quoted identifiers, comments, casts and array slices are left alone. Assumes {@code standard_conforming_strings = on}.
 * Immutable.
 */
public final class ParsedSql {

    private static final int CACHED_TEXTS = 1_024;
    private static final int LONGEST_CACHED_TEXT = 32_768;
    private static final BoundedCache<String, ParsedSql> CACHE = new BoundedCache<>(CACHED_TEXTS);

    private final String text;
    private final ParameterNames parameters;
    private final boolean transactionControl;
    private final boolean several;
    private final boolean writes;
    private final SessionEffect effect;

    ParsedSql(
            String text,
            ParameterNames parameters,
            boolean several,
            boolean transactionControl,
            boolean writes,
            SessionEffect effect) {
        this.text = text;
        this.parameters = parameters;
        this.several = several;
        this.transactionControl = transactionControl;
        this.writes = writes;
        this.effect = effect;
    }

    /**
     * Parses a statement, or returns it from a cache of 1,024 texts of at most 32,768 characters. Thread-safe.
     *
     * @throws io.github.r2dbcsession.sql.StatementException when {@code :name} and {@code $1} are mixed, several statements
     *     have parameters, a literal or comment does not end, numbers have a gap, or the text is a COPY from STDIN or to STDOUT
     */
    public static ParsedSql parse(String sql) {
        return sql.length() > LONGEST_CACHED_TEXT
                ? new SqlLexer(sql).parse()
                : CACHE.get(sql, text -> new SqlLexer(text).parse());
    }

    /** Returns the text for the driver. */
    public String text() {
        return text;
    }

    /** Returns the parameters in the order of their numbers: names without the colon, or {@code "1"}, {@code "2"} and so on. */
    public List<String> names() {
        return parameters.names();
    }

    /** Returns whether the text holds more than one statement. */
    public boolean several() {
        return several;
    }

    /** Returns whether the text holds a statement that begins, ends or marks a transaction (BEGIN, COMMIT, SAVEPOINT and their kin). */
    public boolean transactionControl() {
        return transactionControl;
    }

    /** Returns whether the text may write by itself; a function that a SELECT calls is not looked into. */
    public boolean writes() {
        return writes;
    }

    /**
     * Returns whether something may remain in the session that its next user must not see.
     *
     * @param suspects the names, in lower case, behind which there is more than PostgreSQL's own code; null when they are not known
     */
    public boolean mayChangeSession(ResetPolicy policy, @Nullable Set<String> suspects) {
        return effect.mayRemain(policy, suspects);
    }

    /** Returns whether the text makes the server forget the statements that the driver has prepared. */
    public boolean forgetsStatements() {
        return effect.kind() == SessionEffect.Kind.FORGETS;
    }

    ParameterNames parameters() {
        return parameters;
    }

    public boolean hasParameters() {
        return parameters.size() > 0;
    }

    @Override
    public String toString() {
        return text;
    }
}
