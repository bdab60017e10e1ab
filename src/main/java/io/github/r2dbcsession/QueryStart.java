package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Masked;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** A statement as listeners are told of it: what identifies it, and never a value. Immutable. */
public final class QueryStart {

    private static final int LONGEST = 1_000;

    private final Text text;
    private final @Nullable String name;
    private final Plan plan;

    QueryStart(Text text, @Nullable String name, Plan plan) {
        this.text = text;
        this.name = name;
        this.plan = plan;
    }

    /** The name given by {@link Query#named}, or else the {@link #command()}. */
    public String operation() {
        return name == null ? text.command : name;
    }

    /** The name given by {@link Query#named}. */
    public Optional<String> name() {
        return Optional.ofNullable(name);
    }

    /** The SQL command in capitals, such as {@code SELECT}; {@code OTHER} for one that PostgreSQL does not have. */
    public String command() {
        return text.command;
    }

    /** The statement with placeholders on one line: without comments, with {@code ?} for every literal, cut at 1,000 characters. */
    public String statement() {
        return text.masked();
    }

    /**
     * Asks the server how it would run the statement with the values that were bound, by an EXPLAIN that does not run it, and emits the
     * plan with {@code ?} for every value. Takes an idle connection, 5 s at most.
     *
     * <p>Empty when no connection is idle, for a command that has no plan, and for a text of several statements. Fails as a statement does, also
     * where the connection finds no tables that were created for a session, or by another search path. Listeners are not told.
     *
     * @param database the one that runs it
     */
    public Mono<String> plan(Database database) {
        if (!(database instanceof DefaultDatabase own)) {
            throw new IllegalArgumentException("database must be the one that runs the query, was " + database);
        }
        return Mono.defer(() ->
                own.stats().idle() == 0 ? Mono.empty() : plan.ask(own.sessions().ownLease()));
    }

    @Override
    public String toString() {
        return operation();
    }

    /** What is the same for each run of a text. */
    static final class Text {

        private final String sql;
        private final String command;
        private volatile @Nullable String masked;

        Text(String sql) {
            this.sql = sql;
            this.command = Command.of(sql);
        }

        private String masked() {
            String known = masked;
            if (known == null) {
                known = Masked.statement(sql, LONGEST);
                masked = known;
            }
            return known;
        }
    }
}
