package io.github.r2dbcsession;

import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * One connection held for several statements, each committed on its own. Thread-safe; statements run one after another.
 */
public interface Session extends SqlClient {

    /**
     * Waits for the advisory lock with this key and keeps it until the connection has been given back, however the session ends. It is then
     * freed behind the caller's back, a round trip later. Emits nothing.
     */
    Mono<Void> lock(long key);

    /** Takes the advisory lock with this key, as {@link #lock} does, if it is free, and emits whether it was. */
    Mono<Boolean> tryLock(long key);

    /**
     * Returns the work with this session in its Context: what runs inside it on the {@link Database} shares the session's connection, as in
     * {@link Database#sessionScope(Mono)}, and what takes one of its own is known to hold this one, see {@link NestedAcquireException}.
     *
     * <p>The session itself takes turns with the work then, so a block inside the work must not wait for a statement on it. Where something
     * is cut off so that the connection has to be recovered, the session has ended: what comes later fails with
     * {@link ScopeEndedException}.
     */
    <T> Mono<T> bind(Mono<T> work);

    /** Does the same for work that emits many elements. */
    <T> Flux<T> bind(Flux<T> work);

    /**
     * Gives the connection back. Safe to call twice; completes when the connection is out of the session's hands and never fails.
     *
     * <p>A connection that is not idle then is recovered or closed behind the caller's back. Every later use of the session
     * fails with {@link ScopeEndedException}.
     */
    Mono<Void> close();
}
