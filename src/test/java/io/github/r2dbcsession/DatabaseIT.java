package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.pool.AcquireTimeoutException;
import io.github.r2dbcsession.pool.PoolClosedException;
import io.github.r2dbcsession.sql.RowMappingException;
import io.github.r2dbcsession.sql.StatementException;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.R2dbcDataIntegrityViolationException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

@DatabaseTest
class DatabaseIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int SIZE = 3;

    record Account(long id, String owner, int balance) {}

    private final TestDatabase server = TestDatabase.get();
    private final String name = TestDatabase.applicationName(getClass());
    private final Database db = Database.builder(server.url(getClass()))
            .name("test")
            .pool(preset().toBuilder()
                    .maxSize(SIZE)
                    .maxAcquireTime(Duration.ofSeconds(5))
                    .build())
            .drainTime(Duration.ofMillis(100))
            .build();

    PoolSettings preset() {
        return PoolSettings.defaults();
    }

    @BeforeEach
    void table() {
        String schema = TestDatabase.schema(getClass());
        server.execute("DROP TABLE IF EXISTS " + schema + ".account");
        server.execute("CREATE TABLE " + schema
                + ".account (id bigint PRIMARY KEY, owner text NOT NULL, balance int NOT NULL CHECK (balance >= 0))");
        server.execute("INSERT INTO " + schema + ".account VALUES (1, 'Ada', 100), (2, 'Bob', 50), (3, 'Cy', 0)");
    }

    @AfterEach
    void everythingIsGivenBack() {
        awaitQuiet();
        db.close().block(LIMIT);
        server.awaitNoBackends(name);
    }

    @Test
    void oneMapsTheOnlyRow() {
        StepVerifier.create(db.sql("SELECT id, owner, balance FROM account WHERE id = :id")
                        .bind("id", 1)
                        .as(Account.class)
                        .one())
                .expectNext(new Account(1, "Ada", 100))
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void oneIsEmptyWithoutARow() {
        StepVerifier.create(db.sql("SELECT id FROM account WHERE id = 99")
                        .as(Long.class)
                        .one())
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void oneRefusesMoreRows() {
        StepVerifier.create(db.sql("SELECT id FROM account").as(Long.class).one())
                .expectError(TooManyRowsException.class)
                .verify(LIMIT);
    }

    @Test
    void firstReadsTheRestAndKeepsTheConnection() {
        long before = pid();

        StepVerifier.create(db.sql("SELECT generate_series(1, 10000)")
                        .as(Integer.class)
                        .first())
                .expectNext(1)
                .expectComplete()
                .verify(LIMIT);

        assertThat(pid() == before).isEqualTo(preset().pooling());
    }

    @Test
    void allFollowsDemand() {
        StepVerifier.create(
                        db.sql("SELECT id FROM account ORDER BY id")
                                .as(Long.class)
                                .all(),
                        1)
                .expectNext(1L)
                .thenRequest(1)
                .expectNext(2L)
                .thenRequest(5)
                .expectNext(3L)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void aStreamThatIsCutShortGivesItsConnectionBack() {
        StepVerifier.create(db.sql("SELECT generate_series(1, 100000)")
                        .as(Integer.class)
                        .all()
                        .take(2))
                .expectNext(1, 2)
                .expectComplete()
                .verify(LIMIT);

        awaitQuiet();
        assertThat(pid()).isPositive();
    }

    @Test
    void aSubscriberThatStopsAskingCannotKeepTheConnectionAfterItsCancel() {
        StepVerifier.create(
                        db.sql("SELECT generate_series(1, 1000000)")
                                .as(Integer.class)
                                .all(),
                        1)
                .expectNext(1)
                .thenCancel()
                .verify(LIMIT);

        awaitQuiet();
        assertThat(pid()).isPositive();
    }

    @Test
    void rowsUpdatedCounts() {
        StepVerifier.create(db.sql("UPDATE account SET balance = balance + 1 WHERE id <= :last")
                        .bind("last", 2)
                        .rowsUpdated())
                .expectNext(2L)
                .expectComplete()
                .verify(LIMIT);
        StepVerifier.create(db.sql("CREATE TEMP TABLE t (i int)").rowsUpdated())
                .expectNext(0L)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void aQueryCanBeBoundAgain() {
        Query query = db.sql("SELECT owner FROM account WHERE id = :id");

        assertThat(query.bind("id", 1).as(String.class).one().block(LIMIT)).isEqualTo("Ada");
        assertThat(query.bind("id", 2).as(String.class).one().block(LIMIT)).isEqualTo("Bob");
    }

    @Test
    void positionalParametersCollectionsNullsAndMappersWork() {
        assertThat(db.sql("SELECT owner FROM account WHERE id = $1")
                        .bind(1, 2L)
                        .as(String.class)
                        .one()
                        .block(LIMIT))
                .isEqualTo("Bob");
        assertThat(db.sql("SELECT owner FROM account WHERE id = ANY(:ids) ORDER BY id")
                        .bind("ids", List.of(1L, 3L))
                        .map(row -> row.get("owner", String.class).toUpperCase(java.util.Locale.ROOT))
                        .all()
                        .collectList()
                        .block(LIMIT))
                .containsExactly("ADA", "CY");
        assertThat(db.sql("SELECT count(*) FROM account WHERE id = ANY(:ids)")
                        .bind("ids", List.of(), Long.class)
                        .as(Long.class)
                        .one()
                        .block(LIMIT))
                .isZero();
        assertThat(db.sql("SELECT :text IS NULL")
                        .bindNull("text", String.class)
                        .as(Boolean.class)
                        .one()
                        .block(LIMIT))
                .isTrue();
    }

    @Test
    void anSqlErrorArrivesAsTheDriversOwnAndKeepsTheConnection() {
        long before = pid();

        StepVerifier.create(db.sql("INSERT INTO account VALUES (:id, 'Eve', 1)")
                        .bind("id", 1)
                        .rowsUpdated())
                .expectError(R2dbcDataIntegrityViolationException.class)
                .verify(LIMIT);

        awaitQuiet();
        assertThat(pid() == before).isEqualTo(preset().pooling());
    }

    @Test
    void aMapperThatThrowsFailsTheQueryAndLosesNoConnection() {
        for (int rows : new int[] {1, 10, 5_000}) {
            StepVerifier.create(db.sql("SELECT generate_series(1, :rows)")
                            .bind("rows", rows)
                            .map(row -> {
                                throw new IllegalArgumentException("mapper");
                            })
                            .all())
                    .expectErrorMessage("mapper")
                    .verify(LIMIT);
            StepVerifier.create(db.sql("SELECT generate_series(1, " + rows + ")")
                            .map(row -> {
                                throw new IllegalArgumentException("mapper");
                            })
                            .all())
                    .expectErrorMessage("mapper")
                    .verify(LIMIT);
            awaitQuiet();
        }
        assertThat(pid()).isPositive();
    }

    @Test
    void aRowThatDoesNotFitIsATypedError() {
        StepVerifier.create(db.sql("SELECT 5000000000").as(Integer.class).one())
                .expectError(RowMappingException.class)
                .verify(LIMIT);
    }

    @Test
    void transactionCommandsAreRefusedBeforeAnythingIsSent() {
        assertThatThrownBy(() -> db.sql("BEGIN"))
                .isInstanceOf(StatementException.class)
                .hasMessageContaining("inTransaction");
        assertThatThrownBy(() -> db.sql(" /* c */ commit")).isInstanceOf(StatementException.class);
    }

    @Test
    void aMissingParameterIsAnErrorOfTheSubscription() {
        StepVerifier.create(db.sql("SELECT :owner")
                        .bind("onwer", "Ada")
                        .as(String.class)
                        .one())
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(StatementException.class)
                        .hasMessageContaining("owner")
                        .hasMessageNotContaining("Ada"))
                .verify(LIMIT);
        awaitQuiet();
    }

    @Test
    void aSessionStaysOnOneConnection() {
        Mono<Boolean> same = db.inSession(session -> pid(session).zipWith(pid(session), Long::equals));

        StepVerifier.create(same).expectNext(true).expectComplete().verify(LIMIT);
    }

    @Test
    void aSessionScopeEndsOnErrorAndOnCancel() {
        StepVerifier.create(db.inSession(session -> Mono.error(new IllegalArgumentException("work"))))
                .expectErrorMessage("work")
                .verify(LIMIT);
        StepVerifier.create(db.inSessionMany(session -> Flux.never()))
                .expectSubscription()
                .then(() -> await().atMost(LIMIT).until(() -> db.stats().acquired() == 1))
                .thenCancel()
                .verify(LIMIT);
    }

    @Test
    void aSessionIsOfNoUseAfterItsScope() {
        AtomicReference<Session> escaped = new AtomicReference<>();
        db.inSession(session -> Mono.fromRunnable(() -> escaped.set(session))).block(LIMIT);

        StepVerifier.create(pid(escaped.get()))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(ScopeEndedException.class)
                        .hasMessageContaining("session on test"))
                .verify(LIMIT);
    }

    @Test
    void theHandleFormGivesTheConnectionBack() {
        Mono<Long> pid = Mono.usingWhen(db.openSession(), DatabaseIT::pid, Session::close);

        StepVerifier.create(pid).expectNextCount(1).expectComplete().verify(LIMIT);
    }

    @Test
    void openingAndCancellingLosesNothing() {
        for (int i = 0; i < 200; i++) {
            db.openSession().flatMap(Session::close).subscribe().dispose();
            Mono.usingWhen(db.beginTransaction(), DatabaseIT::pid, Transaction::commit)
                    .subscribe()
                    .dispose();
        }
        awaitQuiet();
        assertThat(db.warmUp(SIZE).block(LIMIT).opened()).isEqualTo(SIZE);
    }

    @Test
    void aDedicatedSessionWorksWhileThePoolIsFull() {
        List<Session> held =
                Flux.range(0, SIZE).flatMap(i -> db.openSession()).collectList().block(LIMIT);

        StepVerifier.create(db.sql("SELECT 1").as(Integer.class).one())
                .expectError(AcquireTimeoutException.class)
                .verify(LIMIT);
        StepVerifier.create(Mono.usingWhen(db.openDedicatedSession(), DatabaseIT::pid, Session::close))
                .expectNextCount(1)
                .expectComplete()
                .verify(LIMIT);

        held.forEach(session -> session.close().block(LIMIT));
    }

    @Test
    void warmUpOpensDistinctConnections() {
        StepVerifier.create(db.warmUp(SIZE))
                .assertNext(warmUp -> {
                    assertThat(warmUp.requested()).isEqualTo(SIZE);
                    assertThat(warmUp.opened()).isEqualTo(SIZE);
                    assertThat(warmUp.times()).allMatch(time -> !time.isNegative());
                })
                .expectComplete()
                .verify(LIMIT);

        awaitQuiet();
        assertThat(db.stats().idle()).isEqualTo(preset().pooling() ? SIZE : 0);
        assertThatThrownBy(() -> db.warmUp(SIZE + 1)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aClosedDatabaseRefusesWork() {
        db.close().block(LIMIT);
        db.close().block(LIMIT);

        StepVerifier.create(db.sql("SELECT 1").as(Integer.class).one())
                .expectError(PoolClosedException.class)
                .verify(LIMIT);
        StepVerifier.create(db.openDedicatedSession())
                .expectError(PoolClosedException.class)
                .verify(LIMIT);
    }

    @Test
    void closingEndsWorkThatOutlastsTheDrainTime() {
        StepVerifier.create(db.sql("SELECT pg_sleep(60)").rowsUpdated())
                .expectSubscription()
                .then(() -> await().atMost(LIMIT)
                        .until(() -> server.backends(name).stream().anyMatch(b -> "PgSleep".equals(b.waitEvent()))))
                .then(() -> db.close().block(LIMIT))
                .expectError()
                .verify(LIMIT);
        server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '" + name + "'");
    }

    @Test
    void listenersHearAndOneThatThrowsHarmsNobody() {
        AtomicReference<Duration> wait = new AtomicReference<>();
        db.listen(new DatabaseListener() {
            @Override
            public void onAcquire(Duration waited) {
                throw new IllegalStateException("listener");
            }
        });
        var handle = db.listen(new DatabaseListener() {
            @Override
            public void onAcquire(Duration waited) {
                wait.set(waited);
            }
        });

        pid();
        assertThat(wait.getAndSet(null)).isNotNull();
        handle.dispose();
        pid();
        assertThat(wait.get()).isNull();
    }

    @Test
    void textsShowNoSecret() {
        Database secret = Database.of("postgresql://app:c4n[ary@db/shop");

        assertThat(secret.toString()).contains("***").doesNotContain("c4n[ary");
        assertThat(secret.name()).isEqualTo("shop@db");
    }

    private void awaitQuiet() {
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
    }

    private long pid() {
        long pid = pid(db).block(LIMIT);
        awaitQuiet();
        return pid;
    }

    private static Mono<Long> pid(SqlClient client) {
        return client.sql("SELECT pg_backend_pid()").as(Long.class).one();
    }
}
