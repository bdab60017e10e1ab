package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.QueryEnd;
import io.github.r2dbcsession.config.HostAndPort;
import java.util.List;

/** What OpenTelemetry's semantic conventions for database clients call things. What is not known has an empty value. */
final class Semantics {

    static final String SYSTEM = "db.system.name";
    static final String NAMESPACE = "db.namespace";
    static final String ADDRESS = "server.address";
    static final String PORT = "server.port";
    static final String OPERATION = "db.operation.name";
    static final String SUMMARY = "db.query.summary";
    static final String STATUS_CODE = "db.response.status_code";
    static final String ERROR_TYPE = "error.type";

    /** What stands for errors beyond those that are told apart. */
    static final String OTHER_ERROR = "_OTHER";

    private Semantics() {}

    /** Names and values in turn of what is the same for all operations of a database; of several hosts the first. */
    static String[] server(Database database) {
        List<HostAndPort> hosts = database.connectionString().hosts();
        return new String[] {
            SYSTEM, "postgresql",
            NAMESPACE, namespace(database),
            ADDRESS, hosts.get(0).host(),
            PORT, Integer.toString(hosts.get(0).port())
        };
    }

    static String namespace(Database database) {
        return database.connectionString()
                .database()
                .or(database.connectionString()::user)
                .orElse("");
    }

    /** The SQLSTATE, or else the type of the exception; empty where nothing failed. */
    static String errorType(QueryEnd end) {
        Throwable failure = end.failure();
        return failure == null
                ? ""
                : end.sqlState().orElseGet(() -> failure.getClass().getName());
    }
}
