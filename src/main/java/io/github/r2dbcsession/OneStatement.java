package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.github.r2dbcsession.internal.pool.CallSite;
import io.github.r2dbcsession.internal.pool.Statements;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/**
 * Where a query gets its connection from that was made from the database itself.
 *
 * @param callSite where in the application
 */
record OneStatement(DefaultDatabase database, CallSite callSite) implements StatementScope {

    @Override
    public StatementLimits limits() {
        return database.statementLimits();
    }

    @Override
    public <T> Flux<T> run(boolean writes, Function<? super Statements, ? extends Flux<T>> work) {
        return database.run(callSite, writes, work);
    }

    @Override
    public <T> Flux<T> atomic(Function<? super OpenTransaction, ? extends Publisher<T>> work) {
        return database.atomic(callSite, work);
    }

    @Override
    public Telemetry telemetry() {
        return database.telemetry();
    }
}
