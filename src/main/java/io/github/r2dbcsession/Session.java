package io.github.r2dbcsession;

import reactor.core.publisher.Mono;

/**
 * One connection held for several statements, each committed on its own. Thread-safe; statements run one after another.
 */
public interface Session extends SqlClient {

    /**
     * Gives the connection back. Safe to call twice; completes when the connection is out of the session's hands and never fails.
     *
     * <p>A connection that is not idle then is recovered or closed behind the caller's back. Every later use of the session
     * fails with {@link ScopeEndedException}.
     */
    Mono<Void> close();
}
