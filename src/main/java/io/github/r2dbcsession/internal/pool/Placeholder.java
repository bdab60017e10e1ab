package io.github.r2dbcsession.internal.pool;

import io.r2dbc.spi.Batch;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.ConnectionMetadata;
import io.r2dbc.spi.IsolationLevel;
import io.r2dbc.spi.Statement;
import io.r2dbc.spi.TransactionDefinition;
import io.r2dbc.spi.ValidationDepth;
import java.time.Duration;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Mono;

/**
 * What stands in r2dbc-pool for a connection of ours, which is used behind the pool's back. r2dbc-pool asks it whether it is valid, and
 * finds no event loop in it to move each borrower to.
 */
abstract class Placeholder implements Connection {

    private static final Mono<Boolean> VALID = Mono.just(true);

    @Override
    public final Publisher<Boolean> validate(ValidationDepth depth) {
        return VALID;
    }

    @Override
    public final Publisher<Void> close() {
        throw notHere();
    }

    @Override
    public final Publisher<Void> beginTransaction() {
        throw notHere();
    }

    @Override
    public final Publisher<Void> beginTransaction(TransactionDefinition definition) {
        throw notHere();
    }

    @Override
    public final Publisher<Void> commitTransaction() {
        throw notHere();
    }

    @Override
    public final Publisher<Void> rollbackTransaction() {
        throw notHere();
    }

    @Override
    public final Publisher<Void> createSavepoint(String name) {
        throw notHere();
    }

    @Override
    public final Publisher<Void> releaseSavepoint(String name) {
        throw notHere();
    }

    @Override
    public final Publisher<Void> rollbackTransactionToSavepoint(String name) {
        throw notHere();
    }

    @Override
    public final Batch createBatch() {
        throw notHere();
    }

    @Override
    public final Statement createStatement(String sql) {
        throw notHere();
    }

    @Override
    public final boolean isAutoCommit() {
        throw notHere();
    }

    @Override
    public final Publisher<Void> setAutoCommit(boolean autoCommit) {
        throw notHere();
    }

    @Override
    public final ConnectionMetadata getMetadata() {
        throw notHere();
    }

    @Override
    public final IsolationLevel getTransactionIsolationLevel() {
        throw notHere();
    }

    @Override
    public final Publisher<Void> setTransactionIsolationLevel(IsolationLevel level) {
        throw notHere();
    }

    @Override
    public final Publisher<Void> setLockWaitTimeout(Duration timeout) {
        throw notHere();
    }

    @Override
    public final Publisher<Void> setStatementTimeout(Duration timeout) {
        throw notHere();
    }

    private static UnsupportedOperationException notHere() {
        return new UnsupportedOperationException("connections of the pool are used through leases");
    }
}
