package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.Fault;
import io.github.r2dbcsession.testing.Message;
import io.github.r2dbcsession.testing.OwnServer;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import io.github.r2dbcsession.testing.Trap;
import io.r2dbc.spi.R2dbcTransientException;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.util.retry.Retry;

/**
 * Cuts the connection at every point around a COMMIT, in every way, and compares what the caller is told with what the table holds
 * afterwards. The server is the test's own, because one of its processes is killed at one of the points.
 */
@Tag("own-server")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CommitTruthIT {

    private static final int ROUNDS = System.getProperty("scale", "commit").equals("commit") ? 5 : 200;
    private static final Duration LIMIT = Duration.ofSeconds(10);

    /** What the caller is told, or the listener where the caller has gone. */
    private enum Verdict {
        COMMITTED,
        NOT_COMMITTED,
        UNKNOWN
    }

    /** Where the connection is cut, what is to be told, and whether the row is there. */
    private enum Point {
        BEFORE_COMMIT_LEAVES(Verdict.NOT_COMMITTED, false),
        HALF_OF_COMMIT(Verdict.UNKNOWN, false),
        KILLED_BEFORE_FLUSH(Verdict.UNKNOWN, false),
        REPLY_DROPPED(Verdict.UNKNOWN, true),
        REPLY_HALF_SENT(Verdict.UNKNOWN, true),
        REPLY_SENT(Verdict.COMMITTED, true),
        CANCELLED_AFTER_SEND(Verdict.UNKNOWN, true),
        DEADLINE_AFTER_SEND(Verdict.UNKNOWN, true);

        private final Verdict verdict;
        private final boolean present;

        Point(Verdict verdict, boolean present) {
            this.verdict = verdict;
            this.present = present;
        }
    }

    private final OwnServer own = OwnServer.start(Map.of("synchronous_commit", "on"));
    private final TestDatabase server = own.database();
    private final ProtocolProxy proxy = new ProtocolProxy(server);
    private final AtomicInteger rows = new AtomicInteger();
    private final String truth;

    CommitTruthIT() {
        truth = server.freshSchema(CommitTruthIT.class) + ".truth";
        server.execute("CREATE TABLE " + truth + " (id int PRIMARY KEY)");
    }

    @AfterAll
    void stop() throws IOException {
        proxy.close();
        own.close();
    }

    static Stream<Arguments> cuts() {
        return Arrays.stream(Point.values())
                .flatMap(point -> Arrays.stream(Fault.values()).map(fault -> Arguments.of(point, fault)));
    }

    @ParameterizedTest
    @MethodSource("cuts")
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void theVerdictIsWhatTheTableHolds(Point point, Fault fault) {
        for (int round = 0; round < ROUNDS; round++) {
            Trial trial = trial(point, fault);
            while (!trial.reached) {
                // A busy machine did not get there within the deadline.
                assertThat(trial.verdict).isEqualTo(Verdict.NOT_COMMITTED);
                assertThat(trial.present).isFalse();
                trial = trial(point, fault);
            }
            assertThat(trial)
                    .as("%s, %s, round %d", point, fault, round)
                    .isEqualTo(new Trial(true, point.verdict, List.of(outcome(point.verdict)), point.present));
        }
    }

    /** One transaction, its connection cut, and what is known when everything has ended. */
    private Trial trial(Point point, Fault fault) {
        int row = rows.incrementAndGet();
        List<TransactionOutcome> outcomes = new CopyOnWriteArrayList<>();
        Database db = Database.builder(proxy.url(CommitTruthIT.class))
                .pool(PoolSettings.builder().maxSize(1).build())
                .build();
        db.listen(new DatabaseListener() {
            @Override
            public void onTransaction(TransactionOutcome outcome, Duration duration) {
                outcomes.add(outcome);
            }
        });
        db.sql("SELECT 1").rowsUpdated().block(LIMIT);
        Optional<Verdict> told = told(db, point, fault, row);
        await("everything is given back")
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        boolean reached = !proxy.isTrapSet();
        if (reached) {
            await("the trap has done its work").atMost(LIMIT).until(proxy::hasSprung);
        }
        db.close().block(LIMIT);
        server.awaitNoBackends(TestDatabase.applicationName(CommitTruthIT.class));
        return new Trial(reached, told.orElseGet(() -> verdict(outcomes.get(0))), outcomes, isPresent(row));
    }

    private record Trial(boolean reached, Verdict verdict, List<TransactionOutcome> outcomes, boolean present) {}

    /** Runs the transaction, and returns what the caller was told, empty after a cancel. */
    private Optional<Verdict> told(Database db, Point point, Fault fault, int row) {
        boolean byDeadline = fault == Fault.BLACK_HOLE || point == Point.DEADLINE_AFTER_SEND;
        TransactionOptions options =
                TransactionOptions.defaults().deadline(byDeadline ? Duration.ofMillis(200) : Duration.ofSeconds(20));
        CountDownLatch end = new CountDownLatch(1);
        Sinks.Empty<Void> cancel = Sinks.empty();
        setTrap(point, fault, end, cancel);
        return db.inTransaction(
                        options,
                        tx -> write(tx, row)
                                .then(point == Point.BEFORE_COMMIT_LEAVES ? untilClosed(tx) : Mono.just(0L)))
                .map(written -> Verdict.COMMITTED)
                .onErrorResume(failure -> Mono.just(verdict(failure)))
                .takeUntilOther(cancel.asMono())
                .doFinally(signal -> end.countDown())
                .blockOptional(LIMIT);
    }

    private void setTrap(Point point, Fault fault, CountDownLatch end, Sinks.Empty<Void> cancel) {
        Trap atCommit = proxy.trap(Message.statement("COMMIT"));
        Trap atReply = proxy.trap(Message.tag("COMMIT"));
        switch (point) {
            case BEFORE_COMMIT_LEAVES ->
                proxy.trap(readyAfter("INSERT 0 1")).passingAll().cut(fault);
            case HALF_OF_COMMIT -> atCommit.passing(6).cut(fault);
            case KILLED_BEFORE_FLUSH ->
                atCommit.first(own::freeze).passingAll().then(own::crash).cut(fault);
            case REPLY_DROPPED -> atReply.cut(fault);
            case REPLY_HALF_SENT -> atReply.passing(6).cut(fault);
            case REPLY_SENT -> proxy.trap(readyAfter("COMMIT")).passingAll().cut(fault);
            case CANCELLED_AFTER_SEND ->
                atReply.first(pid -> cancel.tryEmitEmpty()).cut(fault);
            case DEADLINE_AFTER_SEND -> atReply.first(pid -> awaitLatch(end)).cut(fault);
        }
    }

    private static Predicate<Message> readyAfter(String tag) {
        AtomicBoolean seen = new AtomicBoolean();
        return message -> {
            if (Message.tag(tag).test(message)) {
                seen.set(true);
            }
            return seen.get() && Message.ready().test(message);
        };
    }

    /** Goes on when this side knows for sure that the connection is gone: no COMMIT can leave on it. */
    private static Mono<Long> untilClosed(Transaction tx) {
        return tx.sql("SELECT 1")
                .rowsUpdated()
                .retryWhen(Retry.fixedDelay(3, Duration.ofMillis(20)))
                .onErrorReturn(0L);
    }

    private static Verdict verdict(Throwable failure) {
        if (failure instanceof CommitUnknownException) {
            assertThat(failure).isNotInstanceOf(R2dbcTransientException.class);
            return Verdict.UNKNOWN;
        }
        return Verdict.NOT_COMMITTED;
    }

    private static Verdict verdict(TransactionOutcome heard) {
        return switch (heard) {
            case COMMITTED -> Verdict.COMMITTED;
            case ROLLED_BACK -> Verdict.NOT_COMMITTED;
            case UNKNOWN -> Verdict.UNKNOWN;
        };
    }

    private static TransactionOutcome outcome(Verdict verdict) {
        return switch (verdict) {
            case COMMITTED -> TransactionOutcome.COMMITTED;
            case NOT_COMMITTED -> TransactionOutcome.ROLLED_BACK;
            case UNKNOWN -> TransactionOutcome.UNKNOWN;
        };
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
