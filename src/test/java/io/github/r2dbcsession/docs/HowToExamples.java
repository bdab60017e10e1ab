package io.github.r2dbcsession.docs;

import io.github.r2dbcsession.Bulk;
import io.github.r2dbcsession.BulkException;
import io.github.r2dbcsession.CommitResolution;
import io.github.r2dbcsession.CommitUnknownException;
import io.github.r2dbcsession.ContextSetting;
import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.DatabaseListener;
import io.github.r2dbcsession.Loader;
import io.github.r2dbcsession.QueryEnd;
import io.github.r2dbcsession.Session;
import io.github.r2dbcsession.SlowQueryLog;
import io.github.r2dbcsession.SqlClient;
import io.github.r2dbcsession.Transaction;
import io.github.r2dbcsession.TransactionOptions;
import io.github.r2dbcsession.config.Credentials;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.config.ResetPolicy;
import io.github.r2dbcsession.health.DatabaseHealth;
import io.github.r2dbcsession.health.HealthReport;
import io.github.r2dbcsession.health.HealthStatus;
import io.github.r2dbcsession.http.HealthEndpoint;
import io.github.r2dbcsession.jmx.ManagedDatabase;
import io.github.r2dbcsession.micrometer.DatabaseMetrics;
import io.github.r2dbcsession.micrometer.DatabaseObservations;
import io.github.r2dbcsession.pool.DrainReport;
import io.github.r2dbcsession.pool.Holder;
import io.github.r2dbcsession.pool.PoolEvent;
import io.github.r2dbcsession.pool.WarmUp;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.observation.ObservationRegistry;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The code of the how-to pages, compiled. */
final class HowToExamples {

    private record Account(long id, String owner, BigDecimal balance) {}

    private static final Logger log = LoggerFactory.getLogger(HowToExamples.class);

    private final BigDecimal ten = BigDecimal.TEN;

    record Deposit(long id, String owner, BigDecimal balance) {}

    Flux<?> bulk(Database db, Flux<Deposit> deposits) {
        Bulk<Deposit> bulk = db.bulk("account", Deposit.class);
        Mono<Long> inserted = bulk.insert(deposits);
        Mono<Long> merged = bulk.upsert(deposits, "id");
        Mono<Long> updated = bulk.update(deposits, "id");
        Mono<Long> copied = bulk.onProgress(rows -> log.info("{} rows", rows)).copy(deposits);
        Mono<Long> lowered = bulk.run(
                "INSERT INTO account (id, owner) SELECT id, lower(owner) FROM rows ON CONFLICT DO NOTHING", deposits);
        Mono<Long> told = bulk.insert(deposits)
                .doOnError(
                        BulkException.class,
                        refused -> log.warn("row {}: {}", refused.firstRow(), refused.getSqlState()));
        return Flux.concat(inserted, merged, updated, copied, lowered, told);
    }

    Flux<?> copy(Database db) {
        Mono<Long> imported = db.copyIn("COPY account FROM STDIN (FORMAT csv, HEADER)", Path.of("accounts.csv"));
        Mono<Long> watched =
                db.copyIn("COPY account FROM STDIN", Path.of("accounts.tsv"), bytes -> log.info("{} bytes", bytes));
        Flux<ByteBuffer> exported = db.copyOut("COPY (SELECT * FROM account) TO STDOUT (FORMAT csv)");
        return Flux.concat(imported, watched, exported);
    }

    Mono<Deposit> load(Database db) {
        Loader<Long, Deposit> loader =
                db.loader("SELECT id, owner, balance FROM account WHERE id = ANY(:ids)", Deposit.class, Deposit::id);
        Mono<Deposit> deposit = loader.load(42L);
        return deposit;
    }

    void metrics(Database db, MeterRegistry registry) {
        DatabaseMetrics metrics = DatabaseMetrics.of(db);
        metrics.bindTo(registry);
    }

    Mono<Account> named(Database db) {
        Mono<Account> found = db.sql("SELECT id, owner, balance FROM account WHERE id = :id")
                .named("find account")
                .bind("id", 42)
                .as(Account.class)
                .one();
        return found;
    }

    DatabaseObservations traces(Database db, ObservationRegistry observationRegistry) {
        DatabaseObservations observations = DatabaseObservations.of(db, observationRegistry);
        return observations;
    }

    Disposable slowQueries(Database db) {
        Disposable slow = db.listen(SlowQueryLog.of(db, Duration.ofMillis(500)).withPlans());
        return slow;
    }

    Database tagged() {
        Database tagged = Database.builder("postgresql://app@db/shop")
                .sqlComment("application", "shop")
                .build();
        return tagged;
    }

    ManagedDatabase managed(Database db, DatabaseHealth health) {
        ManagedDatabase managed = ManagedDatabase.register(db, health);
        return managed;
    }

    Disposable ownListener(Database db) {
        Disposable listening = db.listen(new DatabaseListener() {
            @Override
            public void onQuery(QueryEnd end) {
                log.info("{} took {}", end.query().operation(), end.duration());
            }
        });
        return listening;
    }

    Mono<Long> callback(Database db, Accounts accounts) {
        Mono<Long> moved = db.inTransaction(tx -> accounts.withdraw(1, ten).then(accounts.deposit(2, ten)));
        return moved;
    }

    Mono<Long> handle(Database db, Accounts accounts) {
        Mono<Long> moved = Mono.usingWhen(
                db.beginTransaction(),
                tx -> tx.bind(accounts.withdraw(1, ten).then(accounts.deposit(2, ten))),
                Transaction::commit,
                (tx, error) -> tx.rollback(),
                Transaction::rollback);
        return moved;
    }

    Mono<Long> operator(Database db, Accounts accounts) {
        Mono<Long> moved =
                accounts.withdraw(1, ten).then(accounts.deposit(2, ten)).as(db::transactional);
        return moved;
    }

    Mono<Void> unitOfWork(Database db, Accounts accounts) {
        Mono<Void> moved = db.inUnitOfWork(unit -> accounts.withdraw(1, ten)
                .filter(rows -> rows == 1)
                .flatMap(withdrawn -> accounts.deposit(2, ten).then(unit.commit())));
        return moved;
    }

    Mono<Long> afterCommit(Database db, Accounts accounts, Mono<Void> publishMoved) {
        Mono<Long> moved = db.inTransaction(tx -> {
            tx.afterCommit(publishMoved);
            return accounts.withdraw(1, ten).then(accounts.deposit(2, ten));
        });
        return moved;
    }

    Mono<Long> options(Database db, Accounts accounts) {
        TransactionOptions options =
                TransactionOptions.repeatableRead().name("transfer").deadline(Duration.ofSeconds(2));
        Mono<Long> moved =
                db.inTransaction(options, tx -> accounts.withdraw(1, ten).then(accounts.deposit(2, ten)));
        return moved;
    }

    Mono<Long> again(Database db, Accounts accounts) {
        TransactionOptions again = TransactionOptions.serializable().retry(5).deadline(Duration.ofSeconds(2));
        Mono<Long> moved =
                db.inTransaction(again, tx -> accounts.withdraw(1, ten).then(accounts.deposit(2, ten)));
        return moved;
    }

    Mono<Long> resolved(Database db, Function<Transaction, Mono<Long>> transfer) {
        Mono<Long> moved = db.inTransaction(TransactionOptions.defaults().resolvable(), transfer)
                .onErrorResume(
                        CommitUnknownException.class,
                        unknown -> unknown.resolve()
                                .flatMap(found ->
                                        found == CommitResolution.COMMITTED ? Mono.just(1L) : Mono.error(unknown)));
        return moved;
    }

    Mono<Long> session(Database db) {
        Mono<Long> counted = db.inSession(session -> session.sql("CREATE TEMP TABLE picked AS SELECT id FROM account")
                .rowsUpdated()
                .then(session.sql("SELECT count(*) FROM picked").as(Long.class).one()));
        return counted;
    }

    Mono<Long> sessionHandle(Database db) {
        Mono<Long> counted = Mono.usingWhen(
                db.openSession(),
                session -> session.sql("SELECT count(*) FROM account")
                        .as(Long.class)
                        .one(),
                Session::close);
        return counted;
    }

    Mono<Long> boundToSession(Database db) {
        Mono<Long> counted = Mono.usingWhen(
                db.openSession(),
                session -> session.bind(
                        db.sql("SELECT count(*) FROM account").as(Long.class).one()),
                Session::close);
        return counted;
    }

    Mono<Long> tenants(String connectionString, String tenant) {
        Database db = Database.builder(connectionString)
                .contextSetting(ContextSetting.required("app.tenant", "tenant"))
                .contextSetting(ContextSetting.optional("application_name", "caller"))
                .build();

        Mono<Long> own = db.sql("SELECT count(*) FROM account")
                .as(Long.class)
                .one()
                .contextWrite(context -> context.put("tenant", tenant));
        return own;
    }

    Mono<Void> resetPolicy(String connectionString) {
        Database db = Database.builder(connectionString)
                .pool(PoolSettings.production().toBuilder()
                        .resetPolicy(ResetPolicy.TRUSTING)
                        .build())
                .build();
        return db.close();
    }

    Mono<Void> pool(String connectionString) {
        Database db = Database.builder(connectionString)
                .name("shop")
                .pool(PoolSettings.production().toBuilder()
                        .maxAcquireTime(Duration.ofSeconds(2))
                        .build())
                .build();

        Mono<WarmUp> warm = db.warmUp(10);
        Mono<Void> closed = db.close();
        return warm.then(closed);
    }

    void holders(Database db) {
        for (Holder holder : db.holders()) {
            log.info("{} for {}: {}", holder.acquiredAt(), holder.held(), holder.lastStatement());
        }
    }

    Flux<PoolEvent> events(Database db) {
        Flux<PoolEvent> news = db.poolEvents().filter(event -> event instanceof PoolEvent.Disconnected);
        return news;
    }

    Mono<Void> resize(Database db) {
        Mono<Void> resized = db.resize(20, 10);
        return resized;
    }

    Mono<Void> maintenance(Database db, Mono<Void> maintenance) {
        Mono<Void> maintained = db.suspend()
                .timeout(Duration.ofSeconds(30))
                .then(maintenance)
                .then(db.evictIdle())
                .then(db.resume());
        return maintained;
    }

    Mono<DrainReport> drain(Database db) {
        Mono<DrainReport> drained = db.drain(Duration.ofSeconds(20));
        return drained;
    }

    Mono<Page> request(Database db, Accounts accounts) {
        Mono<Page> page =
                accounts.find(1).zipWith(accounts.history(1), Page::new).as(db::sessionScope);
        return page;
    }

    record Page(Long account, Long history) {}

    Mono<Void> severalHosts() {
        Database db = Database.of("postgresql://app@db1:5432,db2:5432/shop?target_session_attrs=read-write");
        return db.close();
    }

    Mono<Void> credentials(Vault vault) {
        Database db = Database.builder("postgresql://db/shop?sslmode=verify-full")
                .credentials(vault.read("shop").map(login -> Credentials.of(login.user(), login.password())))
                .build();
        return db.close();
    }

    Mono<Credentials> lifetime(Signer signer) {
        Mono<Credentials> token =
                signer.token("app").map(text -> Credentials.of("app", text).validFor(Duration.ofMinutes(10)));
        return token;
    }

    interface Vault {

        record Login(String user, String password) {}

        Mono<Login> read(String path);
    }

    interface Signer {

        Mono<String> token(String user);
    }

    static final class Accounts {

        private final SqlClient client;

        Accounts(SqlClient client) {
            this.client = client;
        }

        Mono<Long> withdraw(long id, BigDecimal amount) {
            return client.sql("UPDATE account SET balance = balance - :amount WHERE id = :id AND balance >= :amount")
                    .bind("id", id)
                    .bind("amount", amount)
                    .rowsUpdated();
        }

        Mono<Long> deposit(long id, BigDecimal amount) {
            return client.sql("UPDATE account SET balance = balance + :amount WHERE id = :id")
                    .bind("id", id)
                    .bind("amount", amount)
                    .rowsUpdated();
        }

        Mono<Long> find(long id) {
            return client.sql("SELECT id FROM account WHERE id = :id")
                    .bind("id", id)
                    .as(Long.class)
                    .one();
        }

        Mono<Long> history(long id) {
            return client.sql("SELECT count(*) FROM entry WHERE account = :id")
                    .bind("id", id)
                    .as(Long.class)
                    .one();
        }
    }

    DatabaseHealth serveHealth(Database db) {
        DatabaseHealth health = DatabaseHealth.of(db);
        HealthEndpoint.of(health).bind("0.0.0.0", 8081).subscribe();
        return health;
    }

    Flux<HealthReport> alarms(DatabaseHealth health) {
        Flux<HealthReport> alarms = health.changes().filter(report -> report.status() != HealthStatus.HEALTHY);
        return alarms;
    }
}
