package io.github.r2dbcsession.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TestDatabaseIT {

    private static TestDatabase database;

    @BeforeAll
    static void start() {
        database = TestDatabase.get();
    }

    @Test
    void servesAHundredConnectionsAndMore() {
        int maximum = database.query("SELECT current_setting('max_connections')::int", row -> row.getInt(1))
                .get(0);

        assertThat(maximum).isGreaterThanOrEqualTo(100);
    }

    @Test
    void aWrongPasswordIsRefused() {
        String url = "jdbc:postgresql://%s:%d/%s".formatted(database.host(), database.port(), database.database());

        assertThatThrownBy(() -> DriverManager.getConnection(url, database.user(), "wrong"))
                .isInstanceOfSatisfying(
                        SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("28P01"));
    }

    @Test
    void theWitnessSeesASessionComeAndGo() throws SQLException {
        try (Connection session = database.open("come-and-go")) {
            assertThat(session.isValid(1)).isTrue();
            assertThat(database.backends("come-and-go")).singleElement().satisfies(backend -> {
                assertThat(backend.pid()).isPositive();
                assertThat(backend.state()).isEqualTo("idle");
            });
        }
        database.awaitNoBackends("come-and-go");
    }

    @Test
    void aFreshSchemaIsEmptyEachTime() {
        String schema = database.freshSchema(TestDatabaseIT.class);
        database.execute("CREATE TABLE " + schema + ".left_over ()");

        database.freshSchema(TestDatabaseIT.class);

        assertThat(database.query("SELECT 1 FROM pg_tables WHERE schemaname = ?", row -> row.getInt(1), schema))
                .isEmpty();
        database.dropSchema(TestDatabaseIT.class);
    }
}
