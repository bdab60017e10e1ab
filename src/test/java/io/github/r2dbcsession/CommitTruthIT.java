package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.Fault;
import io.github.r2dbcsession.testing.OwnServer;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.R2dbcTransientException;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * Cuts the connection at every point around a COMMIT, in every way, and compares what the caller is told, and what it finds out
 * afterwards, with what the table holds. The server is the test's own, because one of its processes is killed at one of the points.
 */
@Tag("own-server")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CommitTruthIT {

    private static final int ROUNDS = System.getProperty("scale", "commit").equals("commit") ? 5 : 200;
    private static final int SIDE_BY_SIDE = 5;
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final OwnServer own = OwnServer.start(Map.of("synchronous_commit", "on"));
    private final TestDatabase server = own.database();
    private final AtomicInteger rows = new AtomicInteger();
    private final Queue<Long> resolvedMillis = new ConcurrentLinkedQueue<>();
    private final String truth;

    CommitTruthIT() {
        truth = server.freshSchema(CommitTruthIT.class) + ".truth";
        server.execute("CREATE TABLE " + truth + " (id int PRIMARY KEY)");
    }

    @AfterAll
    void stop() throws IOException {
        own.close();
        List<Long> millis = resolvedMillis.stream().sorted().toList();
        System.out.printf(
                "%d unknown commits resolved, %d within 1 s, median %d ms, slowest %d ms%n",
                millis.size(),
                millis.stream().filter(took -> took <= 1_000).count(),
                millis.get(millis.size() / 2),
                millis.get(millis.size() - 1));
    }

    static Stream<Arguments> cuts() {
        return Arrays.stream(CommitCut.values())
                .flatMap(cut -> Arrays.stream(Fault.values())
                        .flatMap(fault ->
                                Stream.of(false, true).map(resolvable -> Arguments.of(cut, fault, resolvable))));
    }

    @ParameterizedTest
    @MethodSource("cuts")
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void whatIsToldIsWhatTheTableHolds(CommitCut cut, Fault fault, boolean resolvable) {
        // A crash hits everything that is under way.
        int sideBySide = cut == CommitCut.KILLED_BEFORE_FLUSH ? 1 : SIDE_BY_SIDE;
        for (int left = ROUNDS; left > 0; ) {
            List<Trial> trials = Flux.range(0, sideBySide)
                    .flatMap(side -> Mono.fromCallable(() -> trial(cut, fault, resolvable))
                            .subscribeOn(Schedulers.boundedElastic()))
                    .collectList()
                    .block();
            server.awaitNoBackends(TestDatabase.applicationName(CommitTruthIT.class));
            for (Trial trial : trials) {
                if (trial.reached) {
                    left--;
                    assertThat(trial).isEqualTo(new Trial(trial.row, true, cut.told(), cut.resolution(resolvable)));
                    assertThat(isPresent(trial.row)).isEqualTo(cut.present());
                } else {
                    // A busy machine did not get there within the deadline.
                    assertThat(trial.told).isEqualTo(TransactionOutcome.ROLLED_BACK);
                    assertThat(isPresent(trial.row)).isFalse();
                }
            }
        }
    }

    /**
     * What is known of one transaction when everything has ended.
     *
     * @param reached whether it got to the cut
     * @param told to the caller, or to the listener where the caller has gone
     * @param resolution what the caller who was told UNKNOWN finds out, null for others
     */
    private record Trial(
            int row,
            boolean reached,
            TransactionOutcome told,
            @Nullable CommitResolution resolution) {}

    private Trial trial(CommitCut cut, Fault fault, boolean resolvable) {
        int row = rows.incrementAndGet();
        try (ProtocolProxy proxy = new ProtocolProxy(server)) {
            List<TransactionOutcome> heard = new CopyOnWriteArrayList<>();
            Database db = Database.builder(proxy.url(CommitTruthIT.class))
                    .pool(PoolSettings.builder().maxSize(1).build())
                    .build();
            db.listen(new DatabaseListener() {
                @Override
                public void onTransaction(TransactionEnd end) {
                    heard.add(end.outcome());
                }
            });
            db.sql("SELECT 1").rowsUpdated().block(LIMIT);
            Optional<Ending> ending = ending(db, proxy, cut, fault, options(cut, fault, resolvable), row);
            await("everything is given back")
                    .atMost(LIMIT)
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
            boolean reached = !proxy.isTrapSet();
            if (reached) {
                await("the trap has done its work").atMost(LIMIT).until(proxy::hasSprung);
            }
            db.close().block(LIMIT);
            if (!reached && heard.isEmpty()) {
                // Nor did it get its connection.
                return new Trial(row, false, TransactionOutcome.ROLLED_BACK, null);
            }
            assertThat(heard).hasSize(1);
            ending.ifPresent(known -> assertThat(heard).containsExactly(known.told));
            return new Trial(
                    row, reached, heard.get(0), ending.map(Ending::resolution).orElse(null));
        }
    }

    /** What the caller is told, and then finds out where that is UNKNOWN. */
    private record Ending(TransactionOutcome told, @Nullable CommitResolution resolution) {}

    private static TransactionOptions options(CommitCut cut, Fault fault, boolean resolvable) {
        boolean byDeadline = fault == Fault.BLACK_HOLE || cut == CommitCut.DEADLINE_AFTER_SEND;
        TransactionOptions options =
                TransactionOptions.defaults().deadline(byDeadline ? Duration.ofMillis(200) : Duration.ofSeconds(20));
        return resolvable ? options.resolvable() : options;
    }

    /** Runs the transaction, and returns how it ended, empty after a cancel. */
    private Optional<Ending> ending(
            Database db, ProtocolProxy proxy, CommitCut cut, Fault fault, TransactionOptions options, int row) {
        CountDownLatch end = new CountDownLatch(1);
        Sinks.Empty<Void> cancel = Sinks.empty();
        cut.set(proxy, own, fault, cancel::tryEmitEmpty, () -> awaitLatch(end));
        return db.inTransaction(
                        options,
                        tx -> write(tx, row)
                                .then(cut == CommitCut.BEFORE_COMMIT_LEAVES ? untilBroken(tx) : Mono.just(0L)))
                .doOnTerminate(end::countDown)
                .map(written -> new Ending(TransactionOutcome.COMMITTED, null))
                .onErrorResume(CommitUnknownException.class, this::resolved)
                .onErrorResume(failure -> Mono.just(new Ending(TransactionOutcome.ROLLED_BACK, null)))
                .takeUntilOther(cancel.asMono())
                .blockOptional(LIMIT.multipliedBy(2));
    }

    private Mono<Ending> resolved(CommitUnknownException unknown) {
        assertThat((Throwable) unknown).isNotInstanceOf(R2dbcTransientException.class);
        return unknown.resolve().elapsed().map(resolution -> {
            if (unknown.transactionId().isPresent()) {
                resolvedMillis.add(resolution.getT1());
            }
            return new Ending(TransactionOutcome.UNKNOWN, resolution.getT2());
        });
    }

    /** Goes on when this side knows that the connection is gone: no COMMIT can leave on it. */
    private static Mono<Long> untilBroken(Transaction tx) {
        return tx.sql("SELECT 1").rowsUpdated().onErrorReturn(0L);
    }

    private boolean isPresent(int row) {
        return !server.query("SELECT 1 FROM " + truth + " WHERE id = ?", found -> found.getInt(1), row)
                .isEmpty();
    }

    private static Mono<Long> write(SqlClient client, int row) {
        return client.sql("INSERT INTO truth VALUES ($1)").bind(1, row).rowsUpdated();
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            assertThat(latch.await(LIMIT.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
