package io.github.r2dbcsession;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.Credentials;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.LeasePool;
import io.github.r2dbcsession.pool.PoolStats;
import io.github.r2dbcsession.pool.WarmUp;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.tcp.TcpResources;
import reactor.util.context.ContextView;

final class DefaultDatabase implements Database, StatementScope {

    private final String name;
    private final ConnectionString connectionString;
    private final PoolSettings poolSettings;
    private final Duration drainTime;
    private final LeasePool pool;
    private final Listeners listeners;
    private final Object transactionKey = new Object();

    private DefaultDatabase(
            String name,
            ConnectionString connectionString,
            PoolSettings poolSettings,
            Duration drainTime,
            Listeners listeners,
            @Nullable Mono<Credentials> credentials) {
        this.name = name;
        this.connectionString = connectionString;
        this.poolSettings = poolSettings;
        this.drainTime = drainTime;
        this.listeners = listeners;
        Connector connector = new Connector(
                connectionString, poolSettings.maxCreateConnectionTime(), TcpResources.get(), listeners, credentials);
        this.pool = new LeasePool(name, poolSettings, connector, listeners);
    }

    static Database create(
            String name,
            ConnectionString connectionString,
            PoolSettings poolSettings,
            Duration drainTime,
            @Nullable Mono<Credentials> credentials) {
        return new DefaultDatabase(name, connectionString, poolSettings, drainTime, new Listeners(), credentials);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public ConnectionString connectionString() {
        return connectionString;
    }

    @Override
    public PoolSettings poolSettings() {
        return poolSettings;
    }

    @Override
    public PoolStats stats() {
        return pool.stats();
    }

    @Override
    public Disposable listen(DatabaseListener listener) {
        return listeners.add(listener);
    }

    @Override
    public Query sql(String sql) {
        return DefaultQuery.of(this, sql);
    }

    @Override
    public <T> Flux<T> run(Function<? super Lease, ? extends Flux<T>> work) {
        return Flux.deferContextual(context -> context.hasKey(transactionKey)
                ? open(context).run(work)
                : Flux.usingWhen(pool.acquire(), work, Lease::release));
    }

    @Override
    public <T> Mono<T> inSession(Function<? super Session, ? extends Mono<T>> work) {
        return Mono.deferContextual(context -> context.hasKey(transactionKey)
                ? work.apply(new JoinedSession(open(context)))
                : Mono.usingWhen(pool.acquire(), lease -> work.apply(session(lease)), Lease::release));
    }

    @Override
    public <T> Flux<T> inSessionMany(Function<? super Session, ? extends Publisher<T>> work) {
        return Flux.deferContextual(context -> context.hasKey(transactionKey)
                ? work.apply(new JoinedSession(open(context)))
                : Flux.usingWhen(pool.acquire(), lease -> work.apply(session(lease)), Lease::release));
    }

    @Override
    public Mono<Session> openSession() {
        return pool.acquire().map(this::session);
    }

    @Override
    public Mono<Session> openDedicatedSession() {
        return pool.dedicated().map(this::session);
    }

    private Session session(Lease lease) {
        return new DefaultSession(lease, name);
    }

    @Override
    public <T> Mono<T> inTransaction(Function<? super Transaction, ? extends Mono<T>> work) {
        return Mono.deferContextual(context -> {
            if (context.hasKey(transactionKey)) {
                DefaultTransaction outer = open(context);
                return Mono.<T>defer(() -> work.apply(new JoinedTransaction(outer)))
                        .doOnError(outer::markRollbackOnly)
                        .doOnCancel(() -> outer.markRollbackOnly(null));
            }
            return Mono.usingWhen(
                    pool.acquire(),
                    lease -> {
                        DefaultTransaction transaction = new DefaultTransaction(lease, this);
                        return transaction.complete(Mono.defer(() -> work.apply(transaction)));
                    },
                    Lease::release);
        });
    }

    @Override
    public <T> Flux<T> inTransactionMany(Function<? super Transaction, ? extends Publisher<T>> work) {
        return Flux.deferContextual(context -> {
            if (context.hasKey(transactionKey)) {
                DefaultTransaction outer = open(context);
                return Flux.<T>defer(() -> work.apply(new JoinedTransaction(outer)))
                        .doOnError(outer::markRollbackOnly)
                        .doOnCancel(() -> outer.markRollbackOnly(null));
            }
            return Flux.usingWhen(
                    pool.acquire(),
                    lease -> {
                        DefaultTransaction transaction = new DefaultTransaction(lease, this);
                        return transaction.complete(Flux.defer(() -> work.apply(transaction)));
                    },
                    Lease::release);
        });
    }

    @Override
    public Mono<Transaction> beginTransaction() {
        return pool.acquire().flatMap(lease -> {
            DefaultTransaction transaction = new DefaultTransaction(lease, this);
            AtomicBoolean emitted = new AtomicBoolean();
            return transaction
                    .begin()
                    .onErrorResume(failure -> lease.release().then(Mono.error(failure)))
                    .then(Mono.<Transaction>fromSupplier(() -> {
                        emitted.set(true);
                        return transaction;
                    }))
                    .doOnCancel(() -> {
                        if (!emitted.get()) {
                            lease.release().subscribe();
                        }
                    });
        });
    }

    @Override
    public Mono<WarmUp> warmUp(int sessions) {
        if (sessions < 1 || sessions > poolSettings.maxSize()) {
            throw new IllegalArgumentException(
                    "sessions must be from 1 to maxSize " + poolSettings.maxSize() + ", was " + sessions);
        }
        return Mono.defer(() -> new Warming(this, sessions).run());
    }

    @Override
    public Mono<Void> close() {
        return pool.close(drainTime);
    }

    @Override
    public String toString() {
        return "Database " + name + " at " + connectionString;
    }

    Object transactionKey() {
        return transactionKey;
    }

    DatabaseListener listeners() {
        return listeners;
    }

    private DefaultTransaction open(ContextView context) {
        return context.get(transactionKey);
    }
}
