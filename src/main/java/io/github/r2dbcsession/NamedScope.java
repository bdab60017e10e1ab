package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.github.r2dbcsession.internal.pool.Statements;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/**
 * Where a query gets its connection from that was given a name.
 *
 * @param scope where that is
 * @param name what listeners are told
 */
record NamedScope(StatementScope scope, String name) implements StatementScope {

    @Override
    public <T> Flux<T> run(boolean writes, Function<? super Statements, ? extends Flux<T>> work) {
        return scope.run(writes, work);
    }

    @Override
    public <T> Flux<T> atomic(Function<? super OpenTransaction, ? extends Publisher<T>> work) {
        return scope.atomic(work);
    }

    @Override
    public StatementLimits limits() {
        return scope.limits();
    }

    @Override
    public Telemetry telemetry() {
        return scope.telemetry();
    }
}
