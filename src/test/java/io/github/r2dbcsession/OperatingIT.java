package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.pool.AcquireTimeoutException;
import io.github.r2dbcsession.pool.DisconnectReason;
import io.github.r2dbcsession.pool.DrainReport;
import io.github.r2dbcsession.pool.Holder;
import io.github.r2dbcsession.pool.PoolClosedException;
import io.github.r2dbcsession.pool.PoolEvent;
import io.github.r2dbcsession.pool.PoolExhaustedException;
import io.github.r2dbcsession.pool.PoolListener;
import io.github.r2dbcsession.testing.Backend;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FakeServer;
import io.github.r2dbcsession.testing.Logged;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.test.StepVerifier;

/** What an operator sees of a pool and does to it. */
@DatabaseTest
class OperatingIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int SIZE = 3;

    private final TestDatabase server = TestDatabase.get();
    private final String name = TestDatabase.applicationName(OperatingIT.class);
    private final Database db = Database.builder(server.url(OperatingIT.class))
            .name("shop")
            .pool(PoolSettings.builder()
                    .maxSize(SIZE)
                    .maxAcquireTime(Duration.ofSeconds(3))
                    .waitWarningThreshold(Duration.ofSeconds(1))
                    .leakDetectionThreshold(Duration.ofSeconds(1))
                    .build())
            .build();

    @BeforeEach
    void warm() {
        db.warmUp(1).retry(3).block(LIMIT.multipliedBy(2));
    }

    @AfterEach
    void nothingIsLeft() {
        db.close().block(LIMIT);
        server.awaitNoBackends(name);
    }

    @Test
    void holdersSayWhoHasWhatSinceWhen() {
        Session first = db.openSession().block(LIMIT);
        first.sql("SELECT 'secret', $1").bind(1, "bound secret").rowsUpdated().block(LIMIT);
        Disposable working = db.inTransaction(
                        tx -> tx.sql("SELECT pg_sleep(30)").rowsUpdated())
                .subscribe();
        Disposable asking = db.sql("SELECT pg_sleep(40)").rowsUpdated().subscribe();
        await().atMost(LIMIT).until(() -> sleeping() == 2);

        List<Holder> holders = db.holders();

        assertThat(holders).hasSize(3);
        assertThat(holders.get(0)).satisfies(holder -> {
            assertThat(holder.lastStatement()).isEqualTo("SELECT ?, $1");
            assertThat(holder.held()).isPositive();
            assertThat(holder.since()).isBeforeOrEqualTo(Instant.now());
        });
        assertThat(holders)
                .extracting(Holder::acquiredAt)
                .allMatch(place ->
                        place.matches(".*OperatingIT\\.holdersSayWhoHasWhatSinceWhen\\(OperatingIT\\.java:\\d+\\)"))
                .doesNotHaveDuplicates();
        assertThat(holders)
                .extracting(Holder::lastStatement)
                .contains("SELECT pg_sleep(?)")
                .noneMatch(text -> text.contains("secret"));
        assertThat(holders)
                .extracting(holder -> holder.backendPid().orElseThrow())
                .containsExactlyInAnyOrderElementsOf(
                        server.backends(name).stream().map(Backend::pid).toList());

        working.dispose();
        asking.dispose();
        first.close().block(LIMIT);
        await().atMost(LIMIT).until(() -> db.holders().isEmpty());
    }

    @Test
    void anExhaustedPoolSaysWhoHoldsIt() {
        List<Session> held = hold(SIZE);

        StepVerifier.create(db.sql("SELECT 1").as(Integer.class).one())
                .expectErrorSatisfies(failure -> {
                    assertThat(failure)
                            .isInstanceOf(AcquireTimeoutException.class)
                            .hasMessageContaining("pool shop: no connection within 3000 ms (acquired 3,")
                            .hasMessageContaining("OperatingIT.java:")
                            .hasMessageEndingWith("raise maxSize");
                    assertThat(failure.getMessage()).hasSizeLessThan(500);
                    assertThat(((R2dbcTransientException) failure).getSqlState())
                            .isEqualTo("08001");
                    assertThat(((PoolExhaustedException) failure).holders()).hasSize(SIZE);
                    assertThat(((PoolExhaustedException) failure).stats().saturated())
                            .isTrue();
                })
                .verify(LIMIT);

        giveBack(held);
    }

    @Test
    void aServerThatIsNotReachedIsNotAnExhaustedPool() {
        try (FakeServer silent = FakeServer.silent()) {
            Database hanging = Database.builder(
                            "postgresql://app:secret@127.0.0.1:%d/db?sslmode=disable".formatted(silent.port()))
                    .name("hanging")
                    .pool(PoolSettings.builder()
                            .maxSize(1)
                            .maxAcquireTime(Duration.ofMillis(500))
                            .build())
                    .build();

            StepVerifier.create(hanging.sql("SELECT 1").as(Integer.class).one())
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isNotInstanceOf(PoolExhaustedException.class)
                            .isInstanceOfSatisfying(
                                    R2dbcTimeoutException.class,
                                    timeout -> assertThat(timeout.getSqlState()).isEqualTo("08001")))
                    .verify(LIMIT);
            hanging.close().block(LIMIT);
        }
    }

    @Test
    void aLongWaitWhileNothingIsInUseIsNotBlamedOnTheWork() {
        try (Logged log = new Logged(PoolListener.class)) {
            db.suspend().block(LIMIT);
            Disposable waiting = db.sql("SELECT 1").rowsUpdated().retry(50).subscribe(rows -> {}, failure -> {});

            await().atMost(LIMIT).until(() -> !log.messages().isEmpty());
            waiting.dispose();
            db.resume().block(LIMIT);

            assertThat(log.messages())
                    .first()
                    .asString()
                    .contains("a caller has been waiting", "acquired 0", "lending is suspended")
                    .doesNotContain("longest held", "shorten");
        }
    }

    @Test
    void longWaitsAndHighUseAreSaidOnce() {
        List<PoolEvent> events = new CopyOnWriteArrayList<>();
        Disposable listening = db.poolEvents().subscribe(events::add);
        try (Logged log = new Logged(PoolListener.class)) {
            List<Session> held = hold(SIZE);
            for (int i = 0; i < 2; i++) {
                StepVerifier.create(db.sql("SELECT 1").as(Integer.class).one())
                        .expectError(PoolExhaustedException.class)
                        .verify(LIMIT);
            }
            await().atMost(LIMIT.multipliedBy(2))
                    .until(() -> events.stream().anyMatch(PoolEvent.UsageHigh.class::isInstance));
            giveBack(held);

            assertThat(log.messages())
                    .filteredOn(message -> message.contains("a caller has been waiting"))
                    .singleElement()
                    .asString()
                    .startsWith("pool shop: ")
                    .contains("acquired 3", "OperatingIT.java:");
            assertThat(log.messages())
                    .filteredOn(message -> message.contains("more than 80 %"))
                    .hasSize(1);
            assertThat(events)
                    .filteredOn(PoolEvent.WaitingLong.class::isInstance)
                    .singleElement()
                    .satisfies(event -> assertThat(((PoolEvent.WaitingLong) event).waited())
                            .isGreaterThanOrEqualTo(Duration.ofSeconds(1)));
        }
        listening.dispose();
    }

    @Test
    void aConnectionThatStaysOutIsReportedWithItsPlaceAndOnceMoreWhenItComesBack() {
        List<PoolEvent> events = new CopyOnWriteArrayList<>();
        Disposable listening = db.poolEvents().subscribe(events::add);
        try (Logged log = new Logged(PoolListener.class)) {
            Session lost = db.openSession().block(LIMIT);
            lost.sql("SELECT 'secret'").rowsUpdated().block(LIMIT);
            await().atMost(LIMIT).until(() -> !log.messages().isEmpty());
            await().pollDelay(Duration.ofMillis(1500)).atMost(LIMIT).until(() -> true);

            assertThat(log.messages())
                    .singleElement()
                    .asString()
                    .contains("pool shop", "OperatingIT.java:", "last statement SELECT ?", "backend ")
                    .doesNotContain("secret");

            lost.close().block(LIMIT);
            Instant closed = Instant.now();
            await().atMost(LIMIT).until(() -> events.stream().anyMatch(PoolEvent.LeakReturned.class::isInstance));
            assertThat(log.messages()).hasSize(2).last().asString().contains("came back after");
            only(events, PoolEvent.LeakSuspected.class);
            Holder returned = only(events, PoolEvent.LeakReturned.class).holder();
            assertThat(returned.since().plus(returned.held()))
                    .as("held until it came back, whenever that is told; the two clocks are not one")
                    .isBefore(closed.plusMillis(200));
        }
        listening.dispose();
    }

    @Test
    void eventsTellTheLifeOfAConnection() {
        List<PoolEvent> events = new CopyOnWriteArrayList<>();
        CompletableFuture<Void> ended = new CompletableFuture<>();
        db.poolEvents().subscribe(events::add, ended::completeExceptionally, () -> ended.complete(null));

        one(db).block(LIMIT);
        hold(SIZE).forEach(session -> session.close().block(LIMIT));
        db.evictIdle().block(LIMIT);
        await().atMost(LIMIT).until(() -> server.backends(name).isEmpty());
        one(db).block(LIMIT);
        server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '" + name + "'");
        await().atMost(LIMIT).until(() -> db.stats().allocated() == 0);
        one(db).block(LIMIT);
        db.close().block(LIMIT);
        assertThat(ended).succeedsWithin(LIMIT);

        assertThat(events)
                .allMatch(event -> event.name().equals("shop"))
                .hasAtLeastOneElementOfType(PoolEvent.Connected.class)
                .hasAtLeastOneElementOfType(PoolEvent.Released.class)
                .last()
                .isInstanceOf(PoolEvent.Drained.class);
        assertThat(events).filteredOn(PoolEvent.Acquired.class::isInstance).hasSize(3 + SIZE);
        assertThat(reasons(events))
                .containsOnly(DisconnectReason.EVICTED, DisconnectReason.LOST, DisconnectReason.CLOSED)
                .endsWith(DisconnectReason.CLOSED);
    }

    @Test
    void eventsOfADatabaseThatHasBeenClosedComplete() {
        db.close().block(LIMIT);

        StepVerifier.create(db.poolEvents()).expectComplete().verify(LIMIT);
    }

    @Test
    void aWaitThatNobodyIsToBlameForIsExplained() {
        try (Logged log = new Logged(PoolListener.class)) {
            db.suspend().block(LIMIT);
            StepVerifier.create(one(db))
                    .expectErrorMessage(
                            "pool shop: no connection within 3000 ms (acquired 0, recovering 0, idle 1, connecting 0,"
                                    + " pending 1, maxSize 3); lending is suspended until the application resumes it")
                    .verify(LIMIT);
            db.resume().block(LIMIT);

            assertThat(log.messages())
                    .singleElement()
                    .asString()
                    .startsWith("pool shop: a caller has been waiting")
                    .endsWith("maxSize 3: lending is suspended until the application resumes it");
        }
    }

    @Test
    void aServerThatTakesNoConnectionIsNamedInTheError() {
        server.execute("DROP ROLE IF EXISTS nobody_more");
        server.execute("CREATE ROLE nobody_more LOGIN PASSWORD 'pw' CONNECTION LIMIT 0");
        Database full = Database.builder("postgresql://nobody_more:pw@%s:%d/%s"
                        .formatted(server.host(), server.port(), server.database()))
                .name("full")
                .pool(PoolSettings.builder()
                        .maxSize(1)
                        .maxAcquireTime(Duration.ofSeconds(2))
                        .maxCreateConnectionTime(Duration.ofSeconds(2))
                        .build())
                .build();

        StepVerifier.create(one(full))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isExactlyInstanceOf(AcquireTimeoutException.class)
                        .hasMessageContaining("; the last connect failed: ")
                        .hasMessageEndingWith("too many connections for role \"nobody_more\""))
                .verify(LIMIT);
        full.close().block(LIMIT);
        server.execute("DROP ROLE nobody_more");
    }

    @Test
    void aConnectionThatIsLostUnderAStatementIsNoErrorInTheLog() {
        try (Logged log = new Logged(Operators.class)) {
            for (int i = 0; i < 5; i++) {
                CompletableFuture<Long> working =
                        db.sql("SELECT pg_sleep(60)").rowsUpdated().toFuture();
                await().atMost(LIMIT).until(() -> sleeping() == 1);
                server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '"
                        + name + "'");
                assertThat(working).failsWithin(LIMIT);
                await().atMost(LIMIT).until(() -> db.stats().allocated() == 0);
                one(db).block(LIMIT);
            }
            assertThat(log.messages()).isEmpty();
        }
    }

    @Test
    void aSlowSubscriberMissesTheOldestEventsAndIsTold() {
        AtomicLong all = new AtomicLong();
        Disposable counting = db.poolEvents()
                .subscribe(event -> all.addAndGet(event instanceof PoolEvent.Missed missed ? missed.events() : 1));

        StepVerifier.create(
                        db.poolEvents()
                                .filter(PoolEvent.Missed.class::isInstance)
                                .take(1),
                        0)
                .expectSubscription()
                .then(() -> Flux.range(0, 1_000).concatMap(i -> one(db)).blockLast(LIMIT))
                .thenRequest(1)
                .assertNext(event -> await().atMost(LIMIT)
                        .untilAsserted(() -> assertThat(all.get() - ((PoolEvent.Missed) event).events())
                                .as("kept of %d", all.get())
                                .isBetween(900L, 1_100L)))
                .expectComplete()
                .verify(LIMIT);
        await().atMost(LIMIT).until(() -> all.get() >= 2_000);
        counting.dispose();
    }

    @Test
    void aPoolIsMadeLargerAndSmallerWhileItWorks() {
        List<Session> held = hold(SIZE);
        db.resize(SIZE + 1, 1).block(LIMIT);
        assertThat(db.poolSettings().maxSize()).isEqualTo(SIZE + 2);
        List<Session> more = hold(2);
        assertThat(server.backends(name)).hasSize(SIZE + 2);

        db.resize(1, 0).block(LIMIT);
        assertThat(server.backends(name)).as("what is in use stays").hasSize(SIZE + 2);
        giveBack(held);
        giveBack(more);

        await().atMost(LIMIT).until(() -> server.backends(name).size() == 1);
        assertThat(db.stats().maxSize()).isEqualTo(1);
        StepVerifier.create(Flux.range(0, 20).flatMap(i -> one(db)))
                .expectNextCount(20)
                .expectComplete()
                .verify(LIMIT);
        assertThat(server.backends(name)).hasSize(1);
        assertThatThrownBy(() -> db.resize(0, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("size must be from 1");
    }

    @Test
    void growingServesThoseWhoWait() {
        List<Session> held = hold(SIZE);
        StepVerifier.create(one(db))
                .expectSubscription()
                .then(() -> await().atMost(LIMIT).until(() -> db.stats().pending() == 1))
                .then(() -> db.resize(SIZE + 1, 0).block(LIMIT))
                .expectNext(1)
                .expectComplete()
                .verify(LIMIT);
        giveBack(held);
    }

    @Test
    void whileSuspendedCallersWaitAndHoldersGetDone() {
        Session held = db.openSession().block(LIMIT);
        CompletableFuture<Void> quiet = db.suspend().toFuture();
        CompletableFuture<Integer> waiting = one(db).toFuture();

        await().atMost(LIMIT).until(() -> db.stats().pending() == 1);
        await().pollDelay(Duration.ofMillis(300)).atMost(LIMIT).until(() -> true);
        assertThat(waiting).isNotDone();
        assertThat(quiet).isNotDone();
        held.sql("SELECT 1").rowsUpdated().block(LIMIT);
        held.close().block(LIMIT);

        assertThat(quiet).succeedsWithin(LIMIT);
        assertThat(waiting).as("a connection is idle").isNotDone();
        db.resume().block(LIMIT);
        assertThat(waiting).succeedsWithin(LIMIT).isEqualTo(1);
    }

    @Test
    void callersWhoWaitedBeforeTheSuspensionWaitOn() {
        List<Session> held = hold(SIZE);
        CompletableFuture<Integer> waiting = one(db).toFuture();
        await().atMost(LIMIT).until(() -> db.stats().pending() == 1);
        Disposable suspending = db.suspend().subscribe();
        giveBack(held);

        await().atMost(LIMIT).until(suspending::isDisposed);
        assertThat(waiting).isNotDone();
        assertThat(db.stats().pending()).isEqualTo(1);
        db.resume().block(LIMIT);
        assertThat(waiting).succeedsWithin(LIMIT);
    }

    @Test
    void waitingForTheResumptionEndsInTimeAndOnCancel() {
        db.suspend().block(LIMIT);
        one(db).subscribe().dispose();
        assertThat(db.stats().pending()).isZero();

        StepVerifier.create(one(db))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isExactlyInstanceOf(AcquireTimeoutException.class)
                        .hasMessageContaining("lending is suspended"))
                .verify(LIMIT);
        assertThat(server.backends(name))
                .as("nobody connects for those who wait for the resumption")
                .hasSize(1);
        db.resume().block(LIMIT);
        assertThat(one(db).block(LIMIT)).isEqualTo(1);
    }

    @Test
    void workThatNeedsASecondConnectionGetsItWhileSuspendedAndWhileDraining() {
        Mono<Integer> nested = db.inTransaction(tx -> tx.sql("SELECT 1")
                .rowsUpdated()
                .then(Mono.delay(Duration.ofMillis(500)))
                .then(db.inTransaction(
                        TransactionOptions.defaults().propagation(Propagation.REQUIRES_NEW), OperatingIT::one)));
        CompletableFuture<Integer> first = nested.toFuture();
        await().atMost(LIMIT).until(() -> db.stats().acquired() == 1);
        db.suspend().block(LIMIT);
        assertThat(first).isCompletedWithValue(1);
        db.resume().block(LIMIT);

        CompletableFuture<Integer> second = nested.toFuture();
        await().atMost(LIMIT).until(() -> db.stats().acquired() == 1);
        DrainReport report = db.drain(LIMIT).block(LIMIT);
        assertThat(second).isCompletedWithValue(1);
        assertThat(report.complete()).isTrue();
        assertThat(report.finished()).isEqualTo(1);
    }

    @Test
    void aDrainLetsWorkFinishRefusesNewWorkAndReports() {
        CompletableFuture<Long> working = db.inTransaction(
                        tx -> tx.sql("SELECT pg_sleep(1)").rowsUpdated())
                .toFuture();
        await().atMost(LIMIT).until(() -> sleeping() == 1);
        List<Session> held = hold(SIZE - 1);
        CompletableFuture<Integer> waiting = one(db).toFuture();
        await().atMost(LIMIT).until(() -> db.stats().pending() == 1);

        CompletableFuture<DrainReport> draining =
                db.drain(Duration.ofSeconds(2)).toFuture();
        assertThat(waiting).failsWithin(LIMIT).withThrowableThat().withRootCauseInstanceOf(PoolClosedException.class);
        StepVerifier.create(one(db)).expectError(PoolClosedException.class).verify(LIMIT);
        StepVerifier.create(db.openDedicatedSession())
                .expectError(PoolClosedException.class)
                .verify(LIMIT);
        held.get(0).sql("SELECT 1").rowsUpdated().block(LIMIT);

        assertThat(working).succeedsWithin(LIMIT);
        assertThat(draining).succeedsWithin(LIMIT).satisfies(report -> {
            assertThat(report.name()).isEqualTo("shop");
            assertThat(report.finished()).isEqualTo(1);
            assertThat(report.refused()).isEqualTo(1);
            assertThat(report.complete()).isFalse();
            assertThat(report.cutOff())
                    .hasSize(SIZE - 1)
                    .allSatisfy(holder -> assertThat(holder.acquiredAt()).contains("OperatingIT.java:"));
            assertThat(report.duration()).isGreaterThanOrEqualTo(Duration.ofSeconds(2));
        });
        assertThat(db.drain(LIMIT).block(LIMIT)).isEqualTo(draining.join());
        server.awaitNoBackends(name);
    }

    @Test
    void whatADrainCutsOffIsStoppedOnTheServer() {
        CompletableFuture<Long> working =
                db.sql("SELECT pg_sleep(60)").rowsUpdated().toFuture();
        CompletableFuture<Long> writing = db.inTransaction(
                        tx -> tx.sql("SELECT pg_sleep(60)").rowsUpdated())
                .toFuture();
        await().atMost(LIMIT).until(() -> sleeping() == 2);

        assertThat(db.drain(Duration.ZERO).block(LIMIT).cutOff()).hasSize(2);
        assertThat(working).failsWithin(LIMIT);
        assertThat(writing).failsWithin(LIMIT);
        server.awaitNoBackends(name);
    }

    @Test
    void aCancelledDrainGoesOnAndAShorterLimitCounts() {
        hold(1);
        db.drain(Duration.ofDays(1)).subscribe().dispose();

        assertThat(db.drain(Duration.ofMillis(100)).block(LIMIT).cutOff()).hasSize(1);
        server.awaitNoBackends(name);
        assertThatThrownBy(() -> db.drain(Duration.ofMillis(-1))).isInstanceOf(IllegalArgumentException.class);
    }

    private static <E extends PoolEvent> E only(List<PoolEvent> events, Class<E> kind) {
        List<E> found = events.stream().filter(kind::isInstance).map(kind::cast).toList();
        assertThat(found).hasSize(1);
        return found.get(0);
    }

    private static List<DisconnectReason> reasons(List<PoolEvent> events) {
        return events.stream()
                .filter(PoolEvent.Disconnected.class::isInstance)
                .map(event -> ((PoolEvent.Disconnected) event).reason())
                .toList();
    }

    private long sleeping() {
        return server.backends(name).stream()
                .filter(backend -> "PgSleep".equals(backend.waitEvent()))
                .count();
    }

    /** A login may take long on a machine that has much to do. */
    private List<Session> hold(int sessions) {
        return Flux.range(0, sessions)
                .flatMap(i -> db.openSession().retry(3), sessions)
                .collectList()
                .block(LIMIT);
    }

    private static void giveBack(List<Session> sessions) {
        sessions.forEach(session -> session.close().block(LIMIT));
    }

    static Mono<Integer> one(SqlClient client) {
        return client.sql("SELECT 1").as(Integer.class).one();
    }
}
