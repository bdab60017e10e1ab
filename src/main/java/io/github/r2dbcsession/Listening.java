package io.github.r2dbcsession;

import io.github.r2dbcsession.Notification.Cause;
import io.github.r2dbcsession.Notification.Gap;
import io.github.r2dbcsession.Notification.Message;
import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.LeasePool;
import io.github.r2dbcsession.pool.PoolClosedException;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientException;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;

/**
 * The one connection of a database that listens, for all channels and subscribers. It is there while somebody is subscribed.
 *
 * <p>What is wanted and what is so are brought together one step at a time: connect, LISTEN, UNLISTEN, look whether the connection lives,
 * close. Whatever changes either asks for the next step. Everything it keeps is guarded by its lock.
 */
final class Listening {

    private static final Logger log = LoggerFactory.getLogger(Listening.class);

    private static final StatementLimits LIMITS = new StatementLimits(Duration.ofSeconds(5), 0);
    private static final Duration LOOK_AFTER = Duration.ofSeconds(15);
    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final int MOST_DOUBLINGS = 7;

    private final String database;
    private final LeasePool pool;
    private final Map<String, List<FluxSink<Notification>>> wanted = new HashMap<>();
    private final Set<String> listened = new HashSet<>();
    private final Set<FluxSink<Notification>> started = new HashSet<>();
    private @Nullable Lease lease;
    private boolean working;
    private boolean lookDue;
    private boolean wasConnected;
    private int failures;

    Listening(String database, LeasePool pool) {
        this.database = database;
        this.pool = pool;
    }

    void add(String channel, FluxSink<Notification> sink) {
        synchronized (this) {
            wanted.computeIfAbsent(channel, first -> new ArrayList<>()).add(sink);
            if (listened.contains(channel)) {
                mark(channel, sink);
            }
        }
        sink.onDispose(() -> remove(channel, sink));
        proceed();
    }

    private void remove(String channel, FluxSink<Notification> sink) {
        synchronized (this) {
            started.remove(sink);
            List<FluxSink<Notification>> sinks = wanted.get(channel);
            if (sinks != null && sinks.remove(sink) && sinks.isEmpty()) {
                wanted.remove(channel);
            }
        }
        proceed();
    }

    /** Takes the next step, unless one is under way, which is followed by another anyway. */
    private void proceed() {
        synchronized (this) {
            if (working) {
                return;
            }
            working = true;
        }
        goOn();
    }

    private void goOn() {
        Mono<?> step;
        synchronized (this) {
            step = next();
            working = step != null;
        }
        if (step != null) {
            step.onErrorComplete().doOnTerminate(this::goOn).subscribe();
        }
    }

    private @Nullable Mono<?> next() {
        Lease now = lease;
        if (now == null) {
            return wanted.isEmpty() ? null : connect();
        }
        if (wanted.isEmpty()) {
            forget();
            return now.release();
        }
        for (String channel : wanted.keySet()) {
            if (!listened.contains(channel)) {
                return listen(now, channel);
            }
        }
        for (String channel : listened) {
            if (!wanted.containsKey(channel)) {
                listened.remove(channel);
                return run(now, "UNLISTEN " + ChannelName.quoted(channel));
            }
        }
        if (lookDue) {
            lookDue = false;
            return run(now, "SELECT 1");
        }
        return null;
    }

    /** After a pause that is none the first time: up to 100 ms, doubled by each failure to about 13 s, at random. */
    private Mono<?> connect() {
        long limit = FIRST_PAUSE_MILLIS << Math.min(failures, MOST_DOUBLINGS);
        Mono<Long> pause = wasConnected || failures > 0
                ? Mono.delay(Duration.ofMillis(ThreadLocalRandom.current().nextLong(limit)))
                : Mono.just(0L);
        return pause.flatMap(over -> isWanted() ? pool.dedicated() : Mono.empty())
                .doOnNext(this::connected)
                .doOnError(this::notConnected);
    }

    private synchronized boolean isWanted() {
        return !wanted.isEmpty();
    }

    private void connected(Lease made) {
        synchronized (this) {
            lease = made;
            wasConnected = true;
        }
        made.notifications()
                .map(told -> new Message(told.getName(), payload(told), told.getProcessId()))
                .subscribe(message -> deliver(made, message), lost -> {});
        made.onClose(() -> lost(made));
        lookLater(made);
    }

    private static String payload(io.r2dbc.postgresql.api.Notification told) {
        String payload = told.getParameter();
        return payload == null ? "" : payload;
    }

    private void lookLater(Lease made) {
        Mono.delay(LOOK_AFTER).subscribe(over -> {
            synchronized (this) {
                if (lease != made) {
                    return;
                }
                lookDue = true;
            }
            proceed();
            lookLater(made);
        });
    }

    private void notConnected(Throwable failure) {
        boolean lasting;
        synchronized (this) {
            failures++;
            lasting = !wasConnected
                    && !(failure instanceof R2dbcTransientException)
                    && !(failure instanceof R2dbcTimeoutException);
        }
        if (failure instanceof PoolClosedException) {
            all().forEach(FluxSink::complete);
        } else if (lasting) {
            all().forEach(sink -> sink.error(failure));
        } else {
            log.debug("{}: no connection to listen on", database, failure);
        }
    }

    private void lost(Lease gone) {
        synchronized (this) {
            if (lease != gone) {
                return;
            }
            forget();
        }
        log.warn("{}: the connection that listens was lost, listening again", database);
        gone.release().subscribe();
        proceed();
    }

    private void forget() {
        lease = null;
        listened.clear();
        lookDue = false;
    }

    private Mono<?> listen(Lease on, String channel) {
        return run(on, "LISTEN " + ChannelName.quoted(channel))
                .doOnSuccess(done -> listening(on, channel))
                .doOnError(failure -> {
                    // What the server refuses, as a standby does, it refuses for as long as the connection lasts.
                    if (on.isOpen()) {
                        of(channel).forEach(sink -> sink.error(failure));
                    }
                });
    }

    private synchronized void listening(Lease on, String channel) {
        if (lease == on) {
            failures = 0;
            listened.add(channel);
            of(channel).forEach(sink -> mark(channel, sink));
        }
    }

    private void mark(String channel, FluxSink<Notification> sink) {
        sink.next(new Gap(channel, started.add(sink) ? Cause.STARTED : Cause.RECONNECTED));
    }

    /** Runs a statement; the connection is closed where that fails for want of time. */
    private static Mono<Void> run(Lease on, String sql) {
        return on.converse(sql, LIMITS, statement -> {}, Result::getRowsUpdated)
                .doOnError(R2dbcTimeoutException.class, late -> on.kill())
                .then();
    }

    private synchronized void deliver(Lease from, Message message) {
        if (lease == from && listened.contains(message.channel())) {
            of(message.channel()).forEach(sink -> sink.next(message));
        }
    }

    private synchronized List<FluxSink<Notification>> of(String channel) {
        return List.copyOf(wanted.getOrDefault(channel, List.of()));
    }

    private synchronized List<FluxSink<Notification>> all() {
        return wanted.values().stream().flatMap(List::stream).toList();
    }
}
