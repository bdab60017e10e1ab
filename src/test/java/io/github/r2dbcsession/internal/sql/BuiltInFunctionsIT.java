package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

@DatabaseTest
class BuiltInFunctionsIT {

    /** Volatile because their answers vary or they lock until the transaction ends. */
    private static final Set<String> HARMLESS_THOUGH_VOLATILE = Set.of(
            "random",
            "clock_timestamp",
            "timeofday",
            "gen_random_uuid",
            "pg_sleep",
            "pg_is_in_recovery",
            "pg_advisory_xact_lock",
            "pg_advisory_xact_lock_shared",
            "pg_try_advisory_xact_lock",
            "pg_try_advisory_xact_lock_shared",
            "pg_notify");

    /** Where PostgreSQL declares a function volatile, it may keep state in the session. */
    @Test
    void noneOfTheHarmlessIsVolatile() {
        List<String> volatileOnes = TestDatabase.get()
                .query(
                        "SELECT DISTINCT proname FROM pg_proc WHERE oid < 16384 AND provolatile = 'v'",
                        row -> row.getString(1));

        assertThat(volatileOnes).contains("set_config", "pg_advisory_lock", "nextval", "lo_open", "setseed");
        assertThat(volatileOnes.stream()
                        .filter(BuiltInFunctions::isHarmless)
                        .filter(name -> !HARMLESS_THOUGH_VOLATILE.contains(name)))
                .isEmpty();
        assertThat(volatileOnes.stream().filter(BuiltInFunctions::isSyntax)).isEmpty();
    }

    @Test
    void everyOneOfThemIsThere() {
        List<String> there = TestDatabase.get()
                .query("SELECT DISTINCT proname FROM pg_proc WHERE oid < 16384", row -> row.getString(1));

        assertThat(there).containsAll(BuiltInFunctions.harmless());
    }
}
