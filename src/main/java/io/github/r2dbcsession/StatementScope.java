package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.github.r2dbcsession.internal.pool.Statements;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/** Where a query gets its connection from, at each subscription. */
interface StatementScope {

    /** The limits of a statement that names none. */
    StatementLimits limits();

    /**
     * Runs the work on the scope's connection, or fails with {@link ScopeEndedException}.
     *
     * @param writes whether the work may write, which decides what its failure means where it commits itself
     */
    <T> Flux<T> run(boolean writes, Function<? super Statements, ? extends Flux<T>> work);

    /** Runs work of several statements of which all is kept or nothing: in a transaction of its own, behind a savepoint within one. */
    <T> Flux<T> atomic(Function<? super OpenTransaction, ? extends Publisher<T>> work);

    /** What its statements are watched by. */
    Telemetry telemetry();

    /** What listeners are told that a query is called; null where it has no name. */
    default @Nullable String name() {
        return null;
    }
}
