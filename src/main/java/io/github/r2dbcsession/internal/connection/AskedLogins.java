package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.Credentials;
import io.github.r2dbcsession.connection.CredentialsUnavailableException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;

/**
 * Asks a source for credentials: away from the event loops, in an empty Context, once for all connects that wait. An answer is kept for
 * the lifetime it states, if any. After a failure the source has a pause, of at least 250 ms and longer, by chance, the more often it
 * failed.
 */
final class AskedLogins implements Logins {

    private static final Duration LEAST_PAUSE = Duration.ofMillis(250);
    private static final Duration MOST_JITTER = Duration.ofSeconds(2);

    private final Mono<Credentials> source;
    private final Duration limit;
    private final LongSupplier clock;
    private @Nullable Login login;
    private @Nullable Long keptUntil;
    private Sinks.@Nullable One<Login> underWay;
    private int failures;
    private long mayAskAt;

    /**
     * Asks nothing yet.
     *
     * @param limit how long an answer may take
     * @param clock counts nanoseconds
     */
    AskedLogins(Mono<Credentials> source, Duration limit, LongSupplier clock) {
        this.source = source;
        this.limit = limit;
        this.clock = clock;
    }

    @Override
    public Mono<Login> current(Deadline deadline) {
        return Mono.defer(() -> {
            Login kept = kept();
            return kept == null ? answer(deadline) : Mono.just(kept);
        });
    }

    @Override
    public Mono<Login> insteadOf(Login refused, Deadline deadline) {
        return Mono.defer(() -> {
            synchronized (this) {
                if (login == refused && kept() == null) {
                    return Mono.empty();
                }
                if (login == refused) {
                    keptUntil = null;
                }
            }
            return current(deadline).filter(other -> other != refused);
        });
    }

    private synchronized @Nullable Login kept() {
        return keptUntil != null && keptUntil - clock.getAsLong() > 0 ? login : null;
    }

    private Mono<Login> answer(Deadline deadline) {
        Sinks.One<Login> answer;
        boolean first;
        long pause;
        synchronized (this) {
            first = underWay == null;
            if (underWay == null) {
                underWay = Sinks.one();
            }
            answer = underWay;
            pause = Math.max(0, failures == 0 ? 0 : mayAskAt - clock.getAsLong());
        }
        if (first) {
            ask(answer, Duration.ofNanos(pause));
        }
        return answer.asMono().timeout(deadline.left(), Mono.error(() -> unavailable("did not answer in time", null)));
    }

    /** The one request under way. It outlives the connects that wait for it, within its own limit. */
    private void ask(Sinks.One<Login> answer, Duration pause) {
        Mono.delay(pause, Schedulers.boundedElastic())
                .then(Mono.defer(() -> source)
                        .subscribeOn(Schedulers.boundedElastic())
                        .timeout(limit))
                .subscribe(
                        credentials -> answer.tryEmitValue(answered(credentials)),
                        failure -> answer.tryEmitError(failed(failure)),
                        () -> answer.tryEmitError(failed(null)));
    }

    private synchronized Login answered(Credentials credentials) {
        underWay = null;
        failures = 0;
        keptUntil = credentials
                .lifetime()
                .map(lifetime -> clock.getAsLong() + lifetime.toNanos())
                .orElse(null);
        Login before = login;
        if (before != null && before.credentials().equals(credentials)) {
            return before;
        }
        Login next = new Login(credentials, clock);
        login = next;
        if (before != null) {
            before.replace();
        }
        return next;
    }

    private synchronized Throwable failed(@Nullable Throwable failure) {
        underWay = null;
        long jitter = Math.min(MOST_JITTER.toNanos(), LEAST_PAUSE.toNanos() << Math.min(failures, 10));
        failures++;
        mayAskAt = clock.getAsLong()
                + LEAST_PAUSE.toNanos()
                + ThreadLocalRandom.current().nextLong(jitter);
        if (failure == null) {
            return unavailable("completed without credentials", null);
        }
        if (failure instanceof TimeoutException) {
            return unavailable("did not answer within " + limit.toMillis() + " ms", null);
        }
        String type = failure.getClass().getName();
        RuntimeException shown = new RuntimeException(type + ", its text is withheld");
        shown.setStackTrace(failure.getStackTrace());
        return unavailable("failed with " + type, shown);
    }

    private static CredentialsUnavailableException unavailable(String what, @Nullable Throwable cause) {
        return new CredentialsUnavailableException(
                "no credentials: their source " + what + "; the server was not asked", cause);
    }
}
