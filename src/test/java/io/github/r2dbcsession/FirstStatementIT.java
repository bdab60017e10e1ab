package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The statement that takes the BEGIN along: it runs in the transaction or not at all, whatever way the driver sends it. */
@DatabaseTest
class FirstStatementIT {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String INSERT = "INSERT INTO note SELECT 'n' || generate_series(1, $1) RETURNING text";

    private final TestDatabase server = TestDatabase.get();
    private final String note = TestDatabase.schema(FirstStatementIT.class) + ".note";
    private final ProtocolProxy wire = new ProtocolProxy(server);

    /** What a transaction may begin with. */
    private final List<Function<Transaction, Flux<String>>> first = List.of(
            tx -> tx.sql(INSERT).bind(1, 3).as(String.class).all(),
            tx -> tx.sql(INSERT).bind(1, 3).fetchSize(2).as(String.class).all(),
            tx -> tx.sql(INSERT).bind(1, 3).timeout(LIMIT).as(String.class).all(),
            tx -> tx.sql("INSERT INTO note VALUES ('a') RETURNING text")
                    .as(String.class)
                    .all(),
            tx -> tx.sql("INSERT INTO note VALUES ('a') RETURNING text")
                    .fetchSize(2)
                    .as(String.class)
                    .all(),
            tx -> tx.setLocal("app.tenant", "1")
                    .thenMany(tx.sql(INSERT).bind(1, 3).as(String.class).all()),
            tx -> tx.bind(Flux.range(1, 3)
                    .flatMap(i -> tx.sql("INSERT INTO note VALUES ($1) RETURNING text")
                            .bind(1, "b" + i)
                            .as(String.class)
                            .one())));

    @BeforeEach
    void table() {
        server.execute("DROP TABLE IF EXISTS " + note);
        server.execute("CREATE TABLE " + note + " (text text)");
    }

    @AfterEach
    void close() {
        wire.close();
        server.awaitNoBackends(TestDatabase.applicationName(FirstStatementIT.class));
    }

    private Database open(String options) {
        return Database.builder(wire.url(FirstStatementIT.class) + options)
                .pool(PoolSettings.builder().maxSize(1).build())
                .build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "&r2dbc.preparedStatementCacheQueries=0", "&r2dbc.compatibilityMode=true"})
    void nothingOfItStaysWhenTheBeginFails(String options) {
        Database db = open(options);
        for (Function<Transaction, Flux<String>> work : first) {
            // Twice, for the driver has it prepared by then.
            for (int time = 0; time < 2; time++) {
                wire.rewrite(sql -> sql.equals("BEGIN") ? "SELECT 1/0" : sql);
                StepVerifier.create(db.inTransactionMany(work))
                        .expectError(R2dbcException.class)
                        .verify(LIMIT);
                StepVerifier.create(Mono.usingWhen(
                                db.beginTransaction(),
                                tx -> work.apply(tx).then(),
                                Transaction::commit,
                                (tx, failure) -> tx.rollback(),
                                Transaction::rollback))
                        .expectError(R2dbcException.class)
                        .verify(LIMIT);
                assertThat(notes()).as("work %d", first.indexOf(work)).isEmpty();

                wire.rewrite(sql -> sql);
                assertThat(db.inTransactionMany(work).collectList().block(LIMIT))
                        .isNotEmpty();
                assertThat(notes()).as("work %d", first.indexOf(work)).isNotEmpty();
                server.execute("TRUNCATE " + note);
            }
        }
        assertThat(wire.connects()).as("connections, a failed BEGIN costs none").isLessThanOrEqualTo(2);
        closed(db);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "&r2dbc.compatibilityMode=true"})
    void itMayArriveInAnyPieces(String options) {
        Database db = open(options);
        for (int size = 1; size < 6; size++) {
            wire.toClient().slice(size);
            for (Function<Transaction, Flux<String>> work : first) {
                List<String> rows = db.inTransactionMany(work).collectList().block(LIMIT);
                assertThat(notes()).as("work %d", first.indexOf(work)).containsExactlyInAnyOrderElementsOf(rows);
                server.execute("TRUNCATE " + note);
            }
        }
        closed(db);
    }

    @ParameterizedTest
    @CsvSource({"'', 300", "&r2dbc.compatibilityMode=true, 1300"})
    void aCancelAtAnyTimeLeavesNothing(String options, int step) {
        Database db = open(options);
        for (Function<Transaction, Flux<String>> work : first) {
            for (int micros = 0; micros < 3_000; micros += step) {
                db.inTransactionMany(tx -> work.apply(tx).concatWith(Mono.never()))
                        .takeUntilOther(Mono.delay(Duration.ofNanos(micros * 1_000L)))
                        .blockLast(LIMIT);
                await().pollInterval(Duration.ofMillis(2))
                        .atMost(LIMIT)
                        .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
                assertThat(db.sql("SELECT current_setting('transaction_isolation') || count(*) FROM note")
                                .as(String.class)
                                .one()
                                .block(LIMIT))
                        .as("work %d, cancelled after %d us", first.indexOf(work), micros)
                        .isEqualTo("read committed0");
            }
        }
        closed(db);
    }

    private static void closed(Database db) {
        db.close().block(LIMIT);
    }

    private List<String> notes() {
        return server.query("SELECT text FROM " + note, row -> row.getString(1));
    }
}
