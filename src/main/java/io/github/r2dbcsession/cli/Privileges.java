package io.github.r2dbcsession.cli;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.health.HealthStatus;
import java.time.Duration;
import java.util.Objects;

/**
 * What the role may do.
 *
 * @param connections how many connections it may have at most, -1 for any number
 */
record Privileges(
        String role,
        boolean superuser,
        int connections,
        boolean create,
        boolean temporary,
        boolean statistics,
        boolean readOnly) {

    private static final String SQL = """
            SELECT current_user::text AS role, rolsuper AS superuser, rolconnlimit AS connections,
                   has_database_privilege(current_database(), 'CREATE') AS create,
                   has_database_privilege(current_database(), 'TEMPORARY') AS temporary,
                   pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS statistics,
                   current_setting('transaction_read_only') = 'on' AS read_only
            FROM pg_roles WHERE rolname = current_user""";

    static Privileges of(Database db, Duration limit) {
        return Objects.requireNonNull(
                db.sql(SQL).as(Privileges.class).one().timeout(limit).block());
    }

    void tell(Report report, int maxSize) {
        report.fact("role", role + (superuser ? ", a superuser" : ""));
        report.fact(
                "may",
                "create schemas: " + create + ", temporary tables: " + temporary + ", see statistics: " + statistics
                        + ", write: " + !readOnly);
        report.fact("connections", connections < 0 ? "any number" : "at most " + connections);
        if (superuser) {
            report.find(
                    HealthStatus.HEALTHY,
                    "SUPERUSER",
                    "the role is a superuser",
                    "no more rights than needed",
                    "let the application log in as a role of its own");
        }
        if (connections >= 0 && connections <= maxSize) {
            report.find(
                    HealthStatus.HEALTHY,
                    "ROLE_CONNECTIONS",
                    "the role may have " + connections + " connections",
                    "more than maxSize " + maxSize + ", as health checks need one",
                    "ALTER ROLE ... CONNECTION LIMIT, or lower maxSize");
        }
    }
}
