package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Statements;
import io.r2dbc.spi.Result;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Work behind a savepoint: its failure undoes only itself, and leaves the transaction around it usable. */
final class SavepointTransaction implements OpenTransaction {

    private final OpenTransaction outer;
    private final DefaultTransaction root;
    private final Transactions transactions;
    private final TransactionOptions options;
    private final String savepoint;
    private final Hooks hooks = new Hooks();
    private final AtomicReference<@Nullable Throwable> firstFailure = new AtomicReference<>();
    private volatile boolean rollbackOnly;
    private volatile boolean ended;

    SavepointTransaction(OpenTransaction outer, Transactions transactions, TransactionOptions options) {
        this.outer = outer;
        this.root = outer.root();
        this.transactions = transactions;
        this.options = options;
        this.savepoint = root.nextSavepoint();
    }

    /** Runs the work between SAVEPOINT and RELEASE, or ROLLBACK TO. */
    <T> Mono<T> complete(Mono<T> work) {
        return command("SAVEPOINT " + savepoint)
                .then(bind(work))
                .onErrorResume(failure -> endAfter(failure).then(Mono.error(failure)))
                .map(Optional::of)
                .defaultIfEmpty(Optional.empty())
                .flatMap(result -> release().then(Mono.justOrEmpty(result)))
                .doOnCancel(this::abandon);
    }

    /** Does the same for many elements, which are emitted before the RELEASE. */
    <T> Flux<T> complete(Flux<T> work) {
        return command("SAVEPOINT " + savepoint)
                .thenMany(bind(work))
                .onErrorResume(failure -> endAfter(failure).then(Mono.error(failure)))
                .concatWith(release().then(Mono.empty()))
                .doOnCancel(this::abandon);
    }

    private Mono<Void> endAfter(Throwable failure) {
        return Mono.defer(() -> options.rollsBackOn(failure) ? rollBackTo() : release())
                .doOnError(second -> second != failure, second -> second.addSuppressed(failure));
    }

    private Mono<Void> release() {
        return Mono.defer(() -> rollbackOnly
                ? rollBackTo().then(Mono.error(this::rolledBack))
                : command("RELEASE SAVEPOINT " + savepoint)
                        .onErrorResume(failed -> rollBackTo().then(Mono.error(this::rolledBack)))
                        .doOnSuccess(released -> {
                            ended = true;
                            hooks.moveTo(outer.hooks());
                        }));
    }

    /** Undoes the work; where that fails, the transaction around can only be rolled back as a whole. */
    private Mono<Void> rollBackTo() {
        return command("ROLLBACK TO SAVEPOINT " + savepoint + "; RELEASE SAVEPOINT " + savepoint)
                .doOnError(root::markRollbackOnly)
                .onErrorComplete()
                .doOnTerminate(() -> ended = true)
                .then(Mono.defer(() -> hooks.afterRollback(described())));
    }

    private TransactionRolledBackException rolledBack() {
        return new TransactionRolledBackException(described(), firstFailure.get());
    }

    /** The caller has cancelled, and what was on its way may still come: the savepoint cannot tell when. */
    private void abandon() {
        ended = true;
        root.markRollbackOnly();
        root.takeOver(hooks);
    }

    @Override
    public <T> Flux<T> run(boolean writes, Function<? super Statements, ? extends Flux<T>> work) {
        return Flux.defer(() -> ended
                ? Flux.error(new ScopeEndedException(described()))
                : root.statement(work).doOnError(this::failed));
    }

    private void failed(Throwable failure) {
        firstFailure.compareAndSet(null, failure);
        rollbackOnly |= failure instanceof StatementCancelledException;
    }

    @Override
    public Telemetry telemetry() {
        return root.telemetry();
    }

    private Mono<Void> command(String sql) {
        return root.<Long>statement(lease -> lease.command(sql, Result::getRowsUpdated))
                .then();
    }

    @Override
    public Mono<Void> commit() {
        return Mono.error(() -> new IllegalStateException(
                "this work is nested in an outer transaction, which commits when its own work ends"));
    }

    @Override
    public Mono<Void> rollback() {
        return Mono.fromRunnable(this::markRollbackOnly);
    }

    @Override
    public void markRollbackOnly() {
        rollbackOnly = true;
    }

    @Override
    public void markRollbackOnly(@Nullable Throwable cause) {
        rollbackOnly = true;
        firstFailure.compareAndSet(null, cause);
    }

    @Override
    public <T> Mono<T> bind(Mono<T> work) {
        return work.contextWrite(context -> transactions.open(context, this));
    }

    @Override
    public <T> Flux<T> bind(Flux<T> work) {
        return work.contextWrite(context -> transactions.open(context, this));
    }

    @Override
    public TransactionOptions options() {
        return outer.options();
    }

    @Override
    public Hooks hooks() {
        if (ended) {
            throw new ScopeEndedException(described());
        }
        return hooks;
    }

    @Override
    public String described() {
        return "nested " + transactions.described(options);
    }

    @Override
    public DefaultTransaction root() {
        return root;
    }
}
