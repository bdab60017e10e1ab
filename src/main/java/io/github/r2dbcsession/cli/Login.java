package io.github.r2dbcsession.cli;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Session;
import io.github.r2dbcsession.config.ConnectionString;
import java.time.Duration;
import java.util.Objects;
import reactor.core.publisher.Mono;

/**
 * What a session found out about its own backend.
 *
 * @param version the server's, such as 18.1
 * @param standby whether it is in recovery
 * @param encrypted whether the server sees TLS
 * @param protocol the TLS version, empty without TLS
 * @param cipher the TLS cipher, empty without TLS
 */
record Login(String version, boolean standby, boolean encrypted, String protocol, String cipher, String role) {

    private static final String FACTS = """
            SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS standby, ssl AS encrypted,
                   coalesce(s.version, '') AS protocol, coalesce(cipher, '') AS cipher, current_user::text AS role
            FROM pg_stat_ssl s WHERE pid = pg_backend_pid()""";

    /** Logs in, asks, measures one round trip and closes; fails as connecting does. */
    static Answer of(ConnectionString string, Duration limit) {
        Database db = Database.builder(string).build();
        try {
            Mono<Answer> answer = Mono.usingWhen(
                    db.openDedicatedSession(),
                    session -> session.sql(FACTS)
                            .as(Login.class)
                            .one()
                            .flatMap(login -> session.sql("SELECT 1")
                                    .as(Integer.class)
                                    .one()
                                    .elapsed()
                                    .map(timed -> new Answer(login, Duration.ofMillis(timed.getT1())))),
                    Session::close);
            return Objects.requireNonNull(answer.timeout(limit).single().block());
        } finally {
            db.close().block(limit);
        }
    }

    /** A login and how long a round trip took. */
    record Answer(Login login, Duration roundTrip) {}
}
