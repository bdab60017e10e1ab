package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each isolation level lets happen between two transactions, and what it does not. The table stands in the documentation too. */
@DatabaseTest
class IsolationIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String SERIALIZATION_FAILURE = "40001";

    private final TestDatabase server = TestDatabase.get();
    private final String doctor = TestDatabase.schema(IsolationIT.class) + ".doctor";
    private final Database db = Database.builder(server.url(IsolationIT.class))
            .pool(PoolSettings.builder().maxSize(2).build())
            .build();

    private enum Level {
        READ_UNCOMMITTED,
        READ_COMMITTED,
        REPEATABLE_READ,
        SERIALIZABLE;

        TransactionOptions options() {
            return switch (this) {
                case READ_UNCOMMITTED -> TransactionOptions.readUncommitted();
                case READ_COMMITTED -> TransactionOptions.readCommitted();
                case REPEATABLE_READ -> TransactionOptions.repeatableRead();
                case SERIALIZABLE -> TransactionOptions.serializable();
            };
        }
    }

    private enum Anomaly {
        DIRTY_READ,
        NON_REPEATABLE_READ,
        PHANTOM,
        LOST_UPDATE,
        WRITE_SKEW
    }

    /** How it turns out. */
    private enum End {
        HAPPENS,
        DOES_NOT_HAPPEN,
        /** One of the two is refused with 40001. */
        IS_REFUSED
    }

    @BeforeEach
    void twoDoctorsOnCall() {
        server.execute("DROP TABLE IF EXISTS " + doctor);
        server.execute("CREATE TABLE " + doctor + " (id int PRIMARY KEY, shifts int)");
        server.execute("INSERT INTO " + doctor + " VALUES (1, 1), (2, 1)");
    }

    @AfterEach
    void everythingIsGivenBack() {
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        db.close().block(LIMIT);
    }

    @ParameterizedTest
    @CsvSource(textBlock = """
            DIRTY_READ,          READ_UNCOMMITTED, DOES_NOT_HAPPEN
            DIRTY_READ,          READ_COMMITTED,   DOES_NOT_HAPPEN
            DIRTY_READ,          REPEATABLE_READ,  DOES_NOT_HAPPEN
            DIRTY_READ,          SERIALIZABLE,     DOES_NOT_HAPPEN
            NON_REPEATABLE_READ, READ_UNCOMMITTED, HAPPENS
            NON_REPEATABLE_READ, READ_COMMITTED,   HAPPENS
            NON_REPEATABLE_READ, REPEATABLE_READ,  DOES_NOT_HAPPEN
            NON_REPEATABLE_READ, SERIALIZABLE,     DOES_NOT_HAPPEN
            PHANTOM,             READ_UNCOMMITTED, HAPPENS
            PHANTOM,             READ_COMMITTED,   HAPPENS
            PHANTOM,             REPEATABLE_READ,  DOES_NOT_HAPPEN
            PHANTOM,             SERIALIZABLE,     DOES_NOT_HAPPEN
            LOST_UPDATE,         READ_UNCOMMITTED, HAPPENS
            LOST_UPDATE,         READ_COMMITTED,   HAPPENS
            LOST_UPDATE,         REPEATABLE_READ,  IS_REFUSED
            LOST_UPDATE,         SERIALIZABLE,     IS_REFUSED
            WRITE_SKEW,          READ_UNCOMMITTED, HAPPENS
            WRITE_SKEW,          READ_COMMITTED,   HAPPENS
            WRITE_SKEW,          REPEATABLE_READ,  HAPPENS
            WRITE_SKEW,          SERIALIZABLE,     IS_REFUSED
            """)
    void eachLevelStopsItsAnomalies(Anomaly anomaly, Level level, End expected) {
        Transaction one = db.beginTransaction(level.options()).block(LIMIT);
        Transaction two = db.beginTransaction(level.options()).block(LIMIT);
        try {
            assertThat(end(anomaly, one, two)).isEqualTo(expected);
        } finally {
            one.rollback().block(LIMIT);
            two.rollback().block(LIMIT);
        }
    }

    private static End end(Anomaly anomaly, Transaction one, Transaction two) {
        try {
            boolean happened = switch (anomaly) {
                case DIRTY_READ -> dirtyRead(one, two);
                case NON_REPEATABLE_READ -> nonRepeatableRead(one, two);
                case PHANTOM -> phantom(one, two);
                case LOST_UPDATE -> lostUpdate(one, two);
                case WRITE_SKEW -> writeSkew(one, two);
            };
            return happened ? End.HAPPENS : End.DOES_NOT_HAPPEN;
        } catch (R2dbcException failure) {
            assertThat(failure.getSqlState()).isEqualTo(SERIALIZATION_FAILURE);
            return End.IS_REFUSED;
        }
    }

    private static boolean dirtyRead(Transaction one, Transaction two) {
        set(two, 1, 7);
        return shifts(one, 1) == 7;
    }

    private static boolean nonRepeatableRead(Transaction one, Transaction two) {
        int before = shifts(one, 1);
        set(two, 1, 7);
        two.commit().block(LIMIT);
        return shifts(one, 1) != before;
    }

    private static boolean phantom(Transaction one, Transaction two) {
        int before = onCall(one);
        two.sql("INSERT INTO doctor VALUES (3, 1)").rowsUpdated().block(LIMIT);
        two.commit().block(LIMIT);
        return onCall(one) != before;
    }

    private static boolean lostUpdate(Transaction one, Transaction two) {
        int readByOne = shifts(one, 1);
        set(two, 1, shifts(two, 1) + 1);
        two.commit().block(LIMIT);
        set(one, 1, readByOne + 1);
        boolean lost = shifts(one, 1) == readByOne + 1;
        one.commit().block(LIMIT);
        return lost;
    }

    /** Each leaves because the other is there. */
    private static boolean writeSkew(Transaction one, Transaction two) {
        assertThat(onCall(one)).isEqualTo(2);
        assertThat(onCall(two)).isEqualTo(2);
        set(one, 1, 0);
        set(two, 2, 0);
        one.commit().block(LIMIT);
        two.commit().block(LIMIT);
        return true;
    }

    private static int shifts(SqlClient client, int id) {
        return client.sql("SELECT shifts FROM doctor WHERE id = $1")
                .bind(1, id)
                .as(Integer.class)
                .one()
                .block(LIMIT);
    }

    private static int onCall(SqlClient client) {
        return client.sql("SELECT count(*)::int FROM doctor WHERE shifts > 0")
                .as(Integer.class)
                .one()
                .block(LIMIT);
    }

    private static void set(SqlClient client, int id, int shifts) {
        client.sql("UPDATE doctor SET shifts = $2 WHERE id = $1")
                .bind(1, id)
                .bind(2, shifts)
                .rowsUpdated()
                .block(LIMIT);
    }
}
