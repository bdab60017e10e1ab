package io.github.r2dbcsession;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.github.r2dbcsession.internal.pool.CallSite;
import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.LeasePool;
import io.github.r2dbcsession.internal.pool.Statements;
import io.github.r2dbcsession.internal.sql.BoundedCache;
import io.github.r2dbcsession.internal.sql.ParsedSql;
import io.github.r2dbcsession.pool.DrainReport;
import io.github.r2dbcsession.pool.Holder;
import io.github.r2dbcsession.pool.PoolEvent;
import io.github.r2dbcsession.pool.PoolStats;
import io.github.r2dbcsession.pool.WarmUp;
import io.github.r2dbcsession.sql.StatementException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.tcp.TcpResources;
import reactor.util.context.Context;

final class DefaultDatabase implements Database {

    private static final int REMEMBERED_TEXTS = 1_024;
    private static final int LONGEST_REMEMBERED_TEXT = 32_768;

    private final String name;
    private final ConnectionString connectionString;
    private final Duration drainTime;
    private final LeasePool pool;
    private final Listeners listeners = new Listeners();
    private final Telemetry telemetry;
    private final Transactions transactions;
    private final Sessions sessions;
    private final Autocommit statements;
    private final Listening listening;
    private final BoundedCache<String, StatementScope> callers = new BoundedCache<>(REMEMBERED_TEXTS);

    DefaultDatabase(DatabaseBuilder builder) {
        this.name = builder.name();
        this.statements = new Autocommit("database " + name);
        this.connectionString = builder.connectionString;
        this.telemetry = Telemetry.to(listeners, new SqlComment(builder.commentTags));
        this.drainTime = builder.drainTime;
        Connector connector = new Connector(
                connectionString,
                builder.poolSettings.maxCreateConnectionTime(),
                TcpResources.get(),
                listeners,
                builder.credentials);
        this.pool = new LeasePool(name, builder.poolSettings, connector, listeners);
        this.listening = new Listening(name, pool);
        this.transactions = new Transactions(
                this,
                pool,
                builder.transactionDefaults,
                builder.statementLimits,
                List.copyOf(builder.contextSettings),
                telemetry);
        this.sessions = new Sessions(name, pool, transactions, telemetry);
    }

    Telemetry telemetry() {
        return telemetry;
    }

    Sessions sessions() {
        return sessions;
    }

    Transactions transactions() {
        return transactions;
    }

    StatementLimits statementLimits() {
        return transactions.statementLimits();
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
        return pool.settings();
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
    public Flux<Notification> listen(String channel) {
        return Notifications.of(listening, ChannelName.checked(channel));
    }

    @Override
    public Flux<PoolEvent> poolEvents() {
        return PoolEvents.of(this, pool.closed());
    }

    @Override
    public List<Holder> holders() {
        return pool.holders();
    }

    @Override
    public Query sql(String sql) {
        return DefaultQuery.of(
                sql.length() > LONGEST_REMEMBERED_TEXT ? statement() : callers.get(sql, text -> statement()), sql);
    }

    @Override
    public <K, V> Loader<K, V> loader(String sql, Class<V> row, Function<? super V, ? extends K> key) {
        List<String> parameters = ParsedSql.parse(sql).names();
        if (parameters.size() != 1) {
            throw new StatementException("a loader's statement has one parameter, which takes the keys, as in"
                    + " WHERE id = ANY(:ids); this one has " + parameters.size());
        }
        String keys = parameters.get(0);
        Query query = DefaultQuery.of(statement(), sql);
        return DefaultLoader.of(
                wanted -> query.bind(keys, wanted).as(row).all(),
                key,
                context -> new LoadPlace(
                        transactions.open(context), transactions.holding(context), transactions.values(context)));
    }

    @Override
    public <R> Bulk<R> bulk(String table, Class<R> rows) {
        return DefaultBulk.of(statement(), table, rows);
    }

    @Override
    public Mono<Long> copyIn(String sql, Publisher<ByteBuffer> data) {
        return CopyIn.of(statement(), sql, data);
    }

    @Override
    public Flux<ByteBuffer> copyOut(String sql) {
        return CopyOut.of(statement(), sql);
    }

    private StatementScope statement() {
        return new OneStatement(this, CallSite.here());
    }

    <T> Flux<T> run(CallSite callSite, boolean writes, Function<? super Statements, ? extends Flux<T>> work) {
        return Flux.deferContextual(context -> {
            OpenTransaction open = transactions.open(context);
            if (open != null) {
                return open.run(writes, work);
            }
            ContextValues values = transactions.values(context);
            return Lease.use(
                    transactions.acquire(context, callSite),
                    lease -> values.ahead(lease, set -> statements.run(set, writes, work)));
        });
    }

    <T> Flux<T> atomic(CallSite callSite, Function<? super OpenTransaction, ? extends Publisher<T>> work) {
        return new Atomic(transactions).anywhere(work).contextWrite(at(callSite));
    }

    @Override
    public <T> Mono<T> inSession(Function<? super Session, ? extends Mono<T>> work) {
        return sessions.one(CallSite.of(work), work);
    }

    @Override
    public <T> Flux<T> inSessionMany(Function<? super Session, ? extends Publisher<T>> work) {
        return sessions.many(CallSite.of(work), work);
    }

    @Override
    public Mono<Session> openSession() {
        return sessions.handle(CallSite.here());
    }

    @Override
    public Mono<Session> openDedicatedSession() {
        return sessions.dedicated();
    }

    @Override
    public <T> Mono<T> sessionScope(Mono<T> work) {
        return sessions.scope(work);
    }

    @Override
    public <T> Flux<T> sessionScope(Flux<T> work) {
        return sessions.scope(work);
    }

    @Override
    public <T> Mono<T> inTransaction(Function<? super Transaction, ? extends Mono<T>> work) {
        return transactions.one(null, work).contextWrite(at(CallSite.of(work)));
    }

    @Override
    public <T> Mono<T> inTransaction(
            TransactionOptions options, Function<? super Transaction, ? extends Mono<T>> work) {
        return transactions
                .one(Objects.requireNonNull(options, "options"), work)
                .contextWrite(at(CallSite.of(work)));
    }

    @Override
    public <T> Flux<T> inTransactionMany(Function<? super Transaction, ? extends Publisher<T>> work) {
        return transactions.many(null, work).contextWrite(at(CallSite.of(work)));
    }

    @Override
    public <T> Flux<T> inTransactionMany(
            TransactionOptions options, Function<? super Transaction, ? extends Publisher<T>> work) {
        return transactions
                .many(Objects.requireNonNull(options, "options"), work)
                .contextWrite(at(CallSite.of(work)));
    }

    @Override
    public <T> Mono<T> transactional(Mono<T> work) {
        return transactions.<T>one(null, tx -> work).contextWrite(at(CallSite.here()));
    }

    @Override
    public <T> Flux<T> transactional(Flux<T> work) {
        return transactions.<T>many(null, tx -> work).contextWrite(at(CallSite.here()));
    }

    @Override
    public <T> Mono<T> inUnitOfWork(Function<? super UnitOfWork, ? extends Mono<T>> work) {
        return transactions.unit(null, work).contextWrite(at(CallSite.of(work)));
    }

    @Override
    public <T> Mono<T> inUnitOfWork(TransactionOptions options, Function<? super UnitOfWork, ? extends Mono<T>> work) {
        return transactions
                .unit(Objects.requireNonNull(options, "options"), work)
                .contextWrite(at(CallSite.of(work)));
    }

    @Override
    public Mono<Transaction> beginTransaction() {
        return transactions.handle(null, CallSite.here());
    }

    @Override
    public Mono<Transaction> beginTransaction(TransactionOptions options) {
        return transactions.handle(Objects.requireNonNull(options, "options"), CallSite.here());
    }

    private Function<Context, Context> at(CallSite callSite) {
        return context -> transactions.at(context, callSite);
    }

    @Override
    public Mono<WarmUp> warmUp(int sessions) {
        int maxSize = poolSettings().maxSize();
        if (sessions < 1 || sessions > maxSize) {
            throw new IllegalArgumentException("sessions must be from 1 to maxSize " + maxSize + ", was " + sessions);
        }
        return Mono.defer(() -> new Warming(this.sessions, sessions).run());
    }

    @Override
    public Mono<Void> resize(int size, int maxOverflow) {
        poolSettings().resized(size, maxOverflow);
        return Mono.fromRunnable(() -> pool.resize(size, maxOverflow));
    }

    @Override
    public Mono<Integer> evictIdle() {
        return pool.evictIdle();
    }

    @Override
    public Mono<Void> suspend() {
        return pool.suspend();
    }

    @Override
    public Mono<Void> resume() {
        return Mono.fromRunnable(pool::resume);
    }

    @Override
    public Mono<DrainReport> drain(Duration limit) {
        if (limit.isNegative()) {
            throw new IllegalArgumentException("limit must not be negative, was " + limit);
        }
        return pool.close(limit);
    }

    @Override
    public Mono<Void> close() {
        return drain(drainTime).then();
    }

    @Override
    public String toString() {
        return "Database " + name + " at " + connectionString;
    }
}
