package io.github.r2dbcsession;

import java.time.Duration;

/**
 * A client whose queries have another limit unless they name one.
 *
 * @param client runs them
 */
record LimitedClient(SqlClient client, Duration limit) implements ForwardingClient {

    @Override
    public Query sql(String sql) {
        return client.sql(sql).timeout(limit);
    }
}
