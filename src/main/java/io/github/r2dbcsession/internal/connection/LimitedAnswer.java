package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.internal.connection.StatementOverdueException.Ending;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.Future;
import io.r2dbc.spi.R2dbcException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Operators;
import reactor.util.context.Context;

/**
 * The answer to a statement that has so much time from when it is sent. At the limit the server is asked to stop it, and again while it
 * goes on: a request that comes before the server has begun the statement does nothing. The end does not come before the last request has
 * arrived, so that it meets no statement that follows. The subscriber does not wait for that: 50 ms after the limit it is told. Where the
 * answer has not ended 1 s after the limit, the connection is closed.
 *
 * <p>Subscribed to on the connection's event loop, where all its signals come too.
 */
final class LimitedAnswer<T> extends Flux<T> {

    private static final Duration PATIENCE = Duration.ofMillis(50);
    private static final Duration GRACE = Duration.ofSeconds(1);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(20);

    private final Flux<T> answer;
    private final StatementLimits limits;
    private final Duration time;
    private final PhysicalConnection connection;

    LimitedAnswer(Flux<T> answer, StatementLimits limits, Duration time, PhysicalConnection connection) {
        this.answer = answer;
        this.limits = limits;
        this.time = time;
        this.connection = connection;
    }

    @Override
    public void subscribe(CoreSubscriber<? super T> actual) {
        answer.subscribe(new Reader<>(actual, limits, time, connection));
    }

    private static final class Reader<T> implements CoreSubscriber<T>, Subscription {

        private final CoreSubscriber<? super T> actual;
        private final StatementLimits limits;
        private final PhysicalConnection connection;
        private final EventLoop loop;
        private Subscription upstream = Operators.emptySubscription();
        private Future<?> timer;
        private Duration pause = FIRST_PAUSE;
        private volatile boolean unbounded;
        private boolean passed;
        private boolean arrived;
        private boolean dropping;
        private boolean lost;
        private boolean answered;
        private boolean told;
        private @Nullable Throwable failure;

        Reader(CoreSubscriber<? super T> actual, StatementLimits limits, Duration time, PhysicalConnection connection) {
            this.actual = actual;
            this.limits = limits;
            this.connection = connection;
            this.loop = connection.channel().eventLoop();
            this.timer = in(time, this::pass);
        }

        private Future<?> in(Duration delay, Runnable task) {
            return loop.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
        }

        @Override
        public Context currentContext() {
            return actual.currentContext();
        }

        @Override
        public void onSubscribe(Subscription subscription) {
            upstream = subscription;
            actual.onSubscribe(this);
        }

        @Override
        public void request(long n) {
            if (n == Long.MAX_VALUE) {
                unbounded = true;
            }
            upstream.request(n);
        }

        @Override
        public void cancel() {
            upstream.cancel();
        }

        /** The time is over. Rows that were asked for may still come; others will not be waited for. */
        private void pass() {
            passed = true;
            timer = in(PATIENCE, this::tellAhead);
            connection.markDirty();
            ask();
            if (!unbounded) {
                dropping = true;
                if (limits.cursor()) {
                    upstream.cancel();
                } else {
                    upstream.request(Long.MAX_VALUE);
                }
            }
        }

        private void ask() {
            if (!answered && !told) {
                arrived = false;
                connection.cancelStatement().subscribe(nothing -> {}, this::arrive, () -> arrive(null));
            }
        }

        private void arrive(@Nullable Throwable unseen) {
            loop.execute(() -> {
                arrived = true;
                endWhenBoth();
                if (!answered) {
                    in(pause, this::ask);
                    pause = pause.multipliedBy(2);
                }
            });
        }

        private void tellAhead() {
            timer = in(GRACE.minus(PATIENCE), this::giveUp);
            connection.conversations().tellAhead(overdue(Ending.UNANSWERED));
        }

        private void giveUp() {
            connection.kill();
            end(overdue(Ending.UNANSWERED));
        }

        @Override
        public void onNext(T row) {
            if (dropping || told) {
                lost = true;
                Operators.onDiscard(row, currentContext());
            } else {
                actual.onNext(row);
            }
        }

        @Override
        public void onError(Throwable cause) {
            failure = cause;
            onComplete();
        }

        @Override
        public void onComplete() {
            answered = true;
            if (passed) {
                endWhenBoth();
            } else {
                end(failure);
            }
        }

        private void endWhenBoth() {
            if (!answered || !arrived) {
                return;
            }
            if (failure == null) {
                end(lost || (limits.cursor() && dropping) ? overdue(Ending.DONE) : null);
            } else if (!connection.isOpen()) {
                end(overdue(Ending.UNANSWERED));
            } else {
                boolean stopped = failure instanceof R2dbcException told && "57014".equals(told.getSqlState());
                end(stopped ? overdue(Ending.STOPPED) : failure);
            }
        }

        private StatementOverdueException overdue(Ending ending) {
            return new StatementOverdueException(ending, failure);
        }

        private void end(@Nullable Throwable with) {
            if (told) {
                return;
            }
            told = true;
            timer.cancel(false);
            if (with == null) {
                actual.onComplete();
            } else {
                actual.onError(with);
            }
        }
    }
}
