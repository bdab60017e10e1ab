package io.github.r2dbcsession.internal.connection;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What spoke against an attempt to log in, the first that did; known at once, whatever the driver makes of it. Thread-safe. */
final class Refusals {

    private final Sinks.One<PhysicalConnection> failed = Sinks.one();
    private final AtomicReference<@Nullable Boolean> fallBack = new AtomicReference<>();

    /**
     * Fails the attempt.
     *
     * @param mayFallBack whether libpq would make its next attempt
     */
    void refuse(Throwable failure, boolean mayFallBack) {
        if (fallBack.compareAndSet(null, mayFallBack)) {
            failed.tryEmitError(failure);
        }
    }

    /** Notes that the server has refused the attempt, in a message that the driver makes an error of. */
    void serverRefused(boolean mayFallBack) {
        fallBack.compareAndSet(null, mayFallBack);
    }

    /** Fails as soon as the attempt was refused here. */
    Mono<PhysicalConnection> asMono() {
        return failed.asMono();
    }

    /** Whether libpq would make its next attempt. */
    boolean mayFallBack() {
        return Boolean.TRUE.equals(fallBack.get());
    }
}
