package io.github.r2dbcsession;

import reactor.core.publisher.Mono;

/**
 * A transaction that commits only when it is told to: every other way out of its block rolls back. Thread-safe; statements run one
 * after another.
 */
public interface UnitOfWork extends SqlClient {

    /**
     * Commits. Completes when the server has confirmed it. Nothing can be done in the unit afterwards: that fails with
     * {@link ScopeEndedException}.
     *
     * <p>Fails as {@link Transaction#commit()} does.
     */
    Mono<Void> commit();
}
