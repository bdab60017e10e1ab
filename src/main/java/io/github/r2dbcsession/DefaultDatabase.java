package io.github.r2dbcsession;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.LeasePool;
import io.github.r2dbcsession.pool.PoolStats;
import io.github.r2dbcsession.pool.WarmUp;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
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
    private final List<ContextSetting> contextSettings;
    private final LeasePool pool;
    private final Listeners listeners = new Listeners();
    private final Transactions transactions;
    private final Autocommit statements;

    DefaultDatabase(DatabaseBuilder builder) {
        this.name = builder.name();
        this.statements = new Autocommit("database " + name);
        this.connectionString = builder.connectionString;
        this.poolSettings = builder.poolSettings;
        this.drainTime = builder.drainTime;
        this.contextSettings = List.copyOf(builder.contextSettings);
        Connector connector = new Connector(
                connectionString,
                poolSettings.maxCreateConnectionTime(),
                TcpResources.get(),
                listeners,
                builder.credentials);
        this.pool = new LeasePool(name, poolSettings, connector, listeners);
        this.transactions = new Transactions(this, pool, builder.transactionDefaults, contextSettings, listeners);
    }

    Transactions transactions() {
        return transactions;
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
    public <T> Flux<T> run(boolean writes, Function<? super Lease, ? extends Flux<T>> work) {
        return Flux.deferContextual(context -> {
            OpenTransaction open = transactions.open(context);
            if (open != null) {
                return open.run(writes, work);
            }
            ContextValues values = values(context);
            return Lease.use(
                    transactions.acquire(context),
                    lease -> values.ahead(lease, set -> statements.run(set, writes, work)));
        });
    }

    @Override
    public <T> Mono<T> inSession(Function<? super Session, ? extends Mono<T>> work) {
        return Mono.deferContextual(context -> {
            OpenTransaction open = transactions.open(context);
            if (open != null) {
                return work.apply(new JoinedSession(open));
            }
            ContextValues values = values(context);
            return Mono.fromDirect(
                    Lease.use(transactions.acquire(context), lease -> work.apply(session(lease, values))));
        });
    }

    @Override
    public <T> Flux<T> inSessionMany(Function<? super Session, ? extends Publisher<T>> work) {
        return Flux.deferContextual(context -> {
            OpenTransaction open = transactions.open(context);
            if (open != null) {
                return work.apply(new JoinedSession(open));
            }
            ContextValues values = values(context);
            return Lease.use(transactions.acquire(context), lease -> work.apply(session(lease, values)));
        });
    }

    @Override
    public Mono<Session> openSession() {
        return Mono.deferContextual(context -> {
            ContextValues values = values(context);
            return pool.acquire().map(lease -> session(lease, values));
        });
    }

    @Override
    public Mono<Session> openDedicatedSession() {
        return pool.dedicated().map(lease -> session(lease, ContextValues.none()));
    }

    /** Acquires a connection for work of the library itself, which belongs to no caller's Context. */
    <T> Mono<T> inOwnSession(Function<? super Session, ? extends Mono<T>> work) {
        return Mono.usingWhen(
                pool.acquire(), lease -> work.apply(session(lease, ContextValues.none())), Lease::release);
    }

    private ContextValues values(ContextView context) {
        return ContextValues.of(contextSettings, context);
    }

    private Session session(Lease lease, ContextValues values) {
        return new DefaultSession(lease, name, values);
    }

    @Override
    public <T> Mono<T> inTransaction(Function<? super Transaction, ? extends Mono<T>> work) {
        return transactions.one(null, work);
    }

    @Override
    public <T> Mono<T> inTransaction(
            TransactionOptions options, Function<? super Transaction, ? extends Mono<T>> work) {
        return transactions.one(Objects.requireNonNull(options, "options"), work);
    }

    @Override
    public <T> Flux<T> inTransactionMany(Function<? super Transaction, ? extends Publisher<T>> work) {
        return transactions.many(null, work);
    }

    @Override
    public <T> Flux<T> inTransactionMany(
            TransactionOptions options, Function<? super Transaction, ? extends Publisher<T>> work) {
        return transactions.many(Objects.requireNonNull(options, "options"), work);
    }

    @Override
    public <T> Mono<T> transactional(Mono<T> work) {
        return inTransaction(tx -> work);
    }

    @Override
    public <T> Flux<T> transactional(Flux<T> work) {
        return inTransactionMany(tx -> work);
    }

    @Override
    public <T> Mono<T> inUnitOfWork(Function<? super UnitOfWork, ? extends Mono<T>> work) {
        return transactions.unit(null, work);
    }

    @Override
    public <T> Mono<T> inUnitOfWork(TransactionOptions options, Function<? super UnitOfWork, ? extends Mono<T>> work) {
        return transactions.unit(Objects.requireNonNull(options, "options"), work);
    }

    @Override
    public Mono<Transaction> beginTransaction() {
        return transactions.handle(null);
    }

    @Override
    public Mono<Transaction> beginTransaction(TransactionOptions options) {
        return transactions.handle(Objects.requireNonNull(options, "options"));
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
}
