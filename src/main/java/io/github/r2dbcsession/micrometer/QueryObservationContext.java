package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.QueryEnd;
import io.github.r2dbcsession.QueryStart;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.SenderContext;
import org.jspecify.annotations.Nullable;

/** What an observation of a statement is about: a call to the server, which carries nothing on to it. Not thread-safe. */
public final class QueryObservationContext extends SenderContext<QueryStart> {

    private final Database database;
    private final QueryStart query;
    private final Operation operation;
    private @Nullable QueryEnd end;

    QueryObservationContext(Database database, QueryStart query, Operation operation) {
        super((carrier, key, value) -> {}, Kind.CLIENT);
        this.database = database;
        this.query = query;
        this.operation = operation;
        setCarrier(query);
        setRemoteServiceName("postgresql");
    }

    /** The database that runs it. */
    public Database database() {
        return database;
    }

    /** What is run. */
    public QueryStart query() {
        return query;
    }

    /** How it ended, null until it has. */
    public @Nullable QueryEnd end() {
        return end;
    }

    Operation operation() {
        return operation;
    }

    void end(QueryEnd how) {
        this.end = how;
    }
}
