package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.Logged;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

@DatabaseTest
class DatabaseListenerIT {

    private static final Duration LIMIT = Duration.ofSeconds(25);

    private final TestDatabase server = TestDatabase.get();
    private final Database db = database().build();
    private final Queue<QueryEnd> queries = new ConcurrentLinkedQueue<>();
    private final Queue<TransactionEnd> transactions = new ConcurrentLinkedQueue<>();
    private final Queue<String> pool = new ConcurrentLinkedQueue<>();
    private final DatabaseListener recorder = new DatabaseListener() {

        @Override
        public Context onQueryStart(QueryStart query, ContextView around) {
            return Context.of("query", around.getOrDefault("transaction", "none") + "/" + query.operation());
        }

        @Override
        public void onQuery(QueryEnd end) {
            queries.add(end);
        }

        @Override
        public Context onTransactionStart(TransactionStart transaction, ContextView around) {
            return Context.of("transaction", transaction.name().orElse("unnamed"));
        }

        @Override
        public void onTransaction(TransactionEnd end) {
            transactions.add(end);
        }

        @Override
        public void onRecover(Duration duration) {
            pool.add("recovered");
        }

        @Override
        public void onRelease(Duration use) {
            pool.add("released");
        }

        @Override
        public void onInvalidate(Duration use) {
            pool.add("invalidated");
        }
    };

    @AfterEach
    void everythingIsGivenBack() {
        awaitQuiet(db);
        db.close().block(LIMIT);
        server.awaitNoBackends(TestDatabase.applicationName(DatabaseListenerIT.class));
    }

    @Test
    void aQueryIsToldOfWithItsCommandItsRowsAndNoValue() {
        db.listen(recorder);

        rows(db, "SELECT n FROM generate_series(1, 3) n WHERE n::text <> 'secret'")
                .blockLast(LIMIT);
        QueryEnd end = queries.remove();

        assertThat(end.outcome()).isEqualTo(QueryOutcome.COMPLETED);
        assertThat(end.rows()).isEqualTo(3);
        assertThat(end.failure()).isNull();
        assertThat(end.duration()).isPositive();
        assertThat(end.query().operation()).isEqualTo("SELECT");
        assertThat(end.query().name()).isEmpty();
        assertThat(end.query().statement())
                .isEqualTo("SELECT n FROM generate_series(?, ?) n WHERE n::text <> ?")
                .doesNotContain("secret");
        assertThat(end.context().<String>get("query")).isEqualTo("none/SELECT");
        assertThat(queries).isEmpty();
    }

    @Test
    void aNameStandsForTheCommand() {
        db.listen(recorder);

        db.sql("SELECT :n::int")
                .named("one")
                .bind("n", 1)
                .as(Integer.class)
                .one()
                .block(LIMIT);
        QueryEnd end = queries.remove();

        assertThat(end.query().operation()).isEqualTo("one");
        assertThat(end.query().name()).contains("one");
        assertThat(end.query().command()).isEqualTo("SELECT");
        assertThat(end.query().statement()).isEqualTo("SELECT $1::int");
        assertThatIllegalArgumentException().isThrownBy(() -> db.sql("SELECT 1").named(" "));
    }

    @Test
    void rowsUpdatedAreCounted() {
        db.listen(recorder);

        db.inTransaction(tx -> tx.sql("CREATE TEMP TABLE listened (n int) ON COMMIT DROP")
                        .rowsUpdated()
                        .then(tx.sql("INSERT INTO listened SELECT generate_series(1, 7)")
                                .rowsUpdated()))
                .block(LIMIT);

        assertThat(queries).extracting(end -> end.query().command()).containsExactly("CREATE", "INSERT");
        assertThat(queries).extracting(QueryEnd::rows).containsExactly(0L, 7L);
    }

    @Test
    void failedAndCancelledQueriesAreToldApart() {
        db.listen(recorder);

        StepVerifier.create(rows(db, "SELECT 1 / (random() * 0)::int"))
                .expectError()
                .verify(LIMIT);
        QueryEnd failed = queries.remove();
        StepVerifier.create(rows(db, "SELECT generate_series(1, 100000)"), 1)
                .expectNextCount(1)
                .thenCancel()
                .verify(LIMIT);
        await().atMost(LIMIT).until(() -> !queries.isEmpty());
        QueryEnd cancelled = queries.remove();

        assertThat(failed.outcome()).isEqualTo(QueryOutcome.FAILED);
        assertThat(failed.sqlState()).contains("22012");
        assertThat(cancelled.outcome()).isEqualTo(QueryOutcome.CANCELLED);
        assertThat(cancelled.rows()).isEqualTo(1);
        assertThat(cancelled.sqlState()).isEmpty();
        assertThat(queries).isEmpty();
    }

    @Test
    void whatIsAddedForATransactionReachesItsQueriesInBothForms() {
        db.listen(recorder);
        TransactionOptions named = TransactionOptions.defaults().name("transfer");

        db.inTransaction(named, tx -> db.sql("SELECT 1").rowsUpdated()).block(LIMIT);
        Mono.usingWhen(
                        db.beginTransaction(named),
                        tx -> tx.sql("SELECT 2").rowsUpdated(),
                        Transaction::commit,
                        (tx, failure) -> tx.rollback(),
                        Transaction::rollback)
                .block(LIMIT);
        db.inTransaction(named, tx -> tx.sql("SELECT 3").rowsUpdated().contextWrite(Context.of("transaction", "inner")))
                .block(LIMIT);

        assertThat(queries)
                .extracting(end -> end.context().<String>get("query"))
                .containsExactly("transfer/SELECT", "transfer/SELECT", "inner/SELECT");
        assertThat(transactions)
                .extracting(end -> end.context().<String>get("transaction"))
                .containsExactly("transfer", "transfer", "transfer");
        assertThat(transactions).extracting(TransactionEnd::outcome).containsOnly(TransactionOutcome.COMMITTED);
    }

    @Test
    void everyKindOfSessionIsHeardButThoseBesideThePool() {
        db.listen(recorder);
        Function<Session, Mono<Long>> work = session -> session.sql("SELECT 1").rowsUpdated();

        db.inSession(work).block(LIMIT);
        Mono.usingWhen(db.openSession(), work, Session::close).block(LIMIT);
        db.sessionScope(db.inSession(work)).block(LIMIT);
        db.inTransaction(tx -> db.inTransaction(
                        TransactionOptions.defaults().propagation(Propagation.NESTED),
                        nested -> nested.sql("SELECT 1").rowsUpdated()))
                .block(LIMIT);
        assertThat(queries).hasSize(4);

        Mono.usingWhen(db.openDedicatedSession(), work, Session::close).block(LIMIT);
        assertThat(queries).hasSize(4);
    }

    @Test
    void aConnectionThatIsResetIsToldOfBeforeItIsBack() {
        db.listen(recorder);

        db.sql("SELECT 1").rowsUpdated().block(LIMIT);
        awaitQuiet(db);
        // The first release of a pool may learn about the database.
        pool.clear();
        db.sql("SELECT 1").rowsUpdated().block(LIMIT);
        awaitQuiet(db);
        db.sql("SET application_name = 'another'").rowsUpdated().block(LIMIT);
        awaitQuiet(db);

        await().atMost(LIMIT)
                .untilAsserted(() -> assertThat(pool).containsExactly("released", "recovered", "released"));
    }

    @Test
    void aListenerThatThrowsWhateverItIsHarmsNobody() {
        db.listen(new DatabaseListener() {
            @Override
            public Context onQueryStart(QueryStart query, ContextView around) {
                throw new AssertionError("listener");
            }

            @Override
            public void onQuery(QueryEnd end) {
                throw new NoClassDefFoundError("listener");
            }

            @Override
            public Context onTransactionStart(TransactionStart transaction, ContextView around) {
                return null;
            }

            @Override
            public void onTransaction(TransactionEnd end) {
                throw new IllegalStateException("listener");
            }

            @Override
            public void onAcquire(Duration wait) {
                throw new AssertionError("listener");
            }

            @Override
            public void onRelease(Duration use) {
                throw new AssertionError("listener");
            }
        });
        db.listen(recorder);

        try (Logged log = new Logged(DatabaseListener.class)) {
            for (int i = 0; i < 3; i++) {
                Long one = db.inTransaction(
                                tx -> tx.sql("SELECT 1").as(Long.class).one())
                        .block(LIMIT);
                assertThat(one).isEqualTo(1);
            }
            assertThat(log.messages())
                    .containsExactly("a database listener failed; further failures of it are not logged");
        }

        assertThat(queries).hasSize(3);
        assertThat(transactions).hasSize(3);
        assertThat(queries.peek().context().<String>get("query")).isEqualTo("unnamed/SELECT");
        awaitQuiet(db);
        assertThat(db.stats().acquired()).isZero();
    }

    @Test
    void aListenerThatLeavesMissesNothingElse() {
        Disposable listening = db.listen(recorder);
        rows(db, "SELECT 1").blockLast(LIMIT);
        listening.dispose();
        rows(db, "SELECT 2").blockLast(LIMIT);

        assertThat(queries).hasSize(1);
    }

    @Test
    void commentsReachTheServerAndStatementsArePreparedOnce() {
        Database tagged = database()
                .sqlComment("route", "/pay me*/ $1 :x 'now'")
                .sqlComment("application", "shop")
                .build();
        String comment = " /*application='shop',route='%2Fpay%20me%2A%2F%20%241%20%3Ax%20%27now%27'*/";

        AtomicReference<Long> prepared = new AtomicReference<>();
        List<String> seen = tagged.inSessionMany(session -> Flux.range(0, 5)
                        .concatMap(i -> session.sql("SELECT current_query() WHERE :n::int >= 0")
                                .bind("n", i)
                                .as(String.class)
                                .one())
                        .concatWith(session.sql("SELECT current_query() -- mine")
                                .as(String.class)
                                .one())
                        .concatWith(session.sql(
                                        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT current%'")
                                .as(Long.class)
                                .one()
                                .doOnNext(prepared::set)
                                .then(Mono.empty())))
                .collectList()
                .block(LIMIT);
        tagged.close().block(LIMIT);

        assertThat(seen.subList(0, 5)).containsOnly("SELECT current_query() WHERE $1::int >= 0" + comment);
        assertThat(seen.get(5)).isEqualTo("SELECT current_query() -- mine");
        assertThat(prepared.get()).isEqualTo(1);
    }

    private void awaitQuiet(Database database) {
        await().atMost(LIMIT)
                .until(() ->
                        database.stats().acquired() == 0 && database.stats().recovering() == 0);
    }

    private static Flux<Integer> rows(SqlClient client, String sql) {
        return client.sql(sql).as(Integer.class).all();
    }

    private DatabaseBuilder database() {
        return Database.builder(server.url(DatabaseListenerIT.class))
                .pool(PoolSettings.builder().maxSize(2).build());
    }
}
