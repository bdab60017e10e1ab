package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.Credentials;
import io.github.r2dbcsession.connection.AuthenticationFailedException;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * The time for which one pair of credentials is in use. Thread-safe.
 *
 * <p>It keeps a wrong password from hammering a server, which may lock the user out: until the password has been right, and again once
 * it was wrong, no more than 3 logins a minute that could be refused reach a server. Others wait for what becomes of those under way.
 */
final class Login {

    private static final int MOST_REFUSALS = 3;
    private static final Duration WINDOW = Duration.ofMinutes(1);
    private static final Duration SPREAD = Duration.ofSeconds(10);
    private static final String WRONG_PASSWORD = "28P01";

    private final Credentials credentials;
    private final LongSupplier clock;
    private final Deque<Long> refusals = new ArrayDeque<>();
    private boolean proven;
    private int underWay;
    private @Nullable AuthenticationFailedException lastRefusal;
    private Sinks.Empty<Void> change = Sinks.empty();
    private volatile @Nullable Long replacedAt;

    /**
     * Begins the time of these credentials.
     *
     * @param clock counts nanoseconds
     */
    Login(Credentials credentials, LongSupplier clock) {
        this.credentials = credentials;
        this.clock = clock;
    }

    Credentials credentials() {
        return credentials;
    }

    /** Ends the time: others are in use now. */
    void replace() {
        replacedAt = clock.getAsLong();
    }

    /** Tells when one connection made with these credentials has to go: some time within the 10 s after they were replaced. */
    BooleanSupplier retirement() {
        long patience = ThreadLocalRandom.current().nextLong(SPREAD.toNanos());
        return () -> {
            Long replaced = replacedAt;
            return replaced != null && clock.getAsLong() - replaced >= patience;
        };
    }

    /** Whether a failure says that the password is wrong, or that it was before a last attempt without TLS. */
    static boolean isRefusal(Throwable failure) {
        return failure instanceof AuthenticationFailedException refused
                && (WRONG_PASSWORD.equals(refused.getSqlState())
                        || Stream.of(refused.getSuppressed()).anyMatch(Login::isRefusal));
    }

    /** Whether a login would fail at once. */
    synchronized boolean isBlocked() {
        forget();
        return refusals.size() >= MOST_REFUSALS;
    }

    /**
     * Connects by these credentials, or fails with {@link AuthenticationFailedException} without connecting while they have been refused
     * too often, or with {@link ConnectTimeoutException} when the deadline passes while others are trying.
     */
    <T> Mono<T> attempt(Mono<T> connect, Deadline deadline) {
        return Mono.defer(() -> {
            Sinks.Empty<Void> wait;
            synchronized (this) {
                forget();
                if (refusals.size() >= MOST_REFUSALS) {
                    return Mono.error(blocked());
                }
                if (proven) {
                    return watched(connect, false);
                }
                if (refusals.size() + underWay < MOST_REFUSALS) {
                    underWay++;
                    return watched(connect, true);
                }
                wait = change;
            }
            return wait.asMono()
                    .timeout(
                            deadline.left(),
                            Mono.error(() -> new ConnectTimeoutException(
                                    "no connection: other logins with the same credentials did not end in time",
                                    deadline.left())))
                    .then(attempt(connect, deadline));
        });
    }

    private <T> Mono<T> watched(Mono<T> connect, boolean counted) {
        return connect.doOnNext(connection -> proven(true))
                .doOnError(Login::isRefusal, failure -> refused((AuthenticationFailedException) failure))
                .doFinally(signal -> ended(counted));
    }

    private synchronized void proven(boolean right) {
        proven = right;
        if (right) {
            refusals.clear();
        }
    }

    private synchronized void refused(AuthenticationFailedException failure) {
        proven(false);
        lastRefusal = failure;
        refusals.add(clock.getAsLong());
    }

    private void ended(boolean counted) {
        Sinks.Empty<Void> ended;
        synchronized (this) {
            if (counted) {
                underWay--;
            }
            ended = change;
            change = Sinks.empty();
        }
        ended.tryEmitEmpty();
    }

    private void forget() {
        long now = clock.getAsLong();
        refusals.removeIf(refusal -> now - refusal >= WINDOW.toNanos());
    }

    private AuthenticationFailedException blocked() {
        long wait = refusals.getFirst() + WINDOW.toNanos() - clock.getAsLong();
        return new AuthenticationFailedException(
                "the server refused the same user and password " + MOST_REFUSALS
                        + " times within a minute; the next try is in "
                        + (Duration.ofNanos(wait).toSeconds() + 1) + " s, or as soon as they change",
                WRONG_PASSWORD,
                Objects.requireNonNull(lastRefusal));
    }
}
