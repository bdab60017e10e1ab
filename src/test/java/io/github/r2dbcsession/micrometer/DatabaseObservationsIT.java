package io.github.r2dbcsession.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Propagation;
import io.github.r2dbcsession.Query;
import io.github.r2dbcsession.Transaction;
import io.github.r2dbcsession.TransactionOptions;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.micrometer.common.KeyValue;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import io.micrometer.tracing.Span;
import io.micrometer.tracing.handler.DefaultTracingObservationHandler;
import io.micrometer.tracing.handler.PropagatingSenderTracingObservationHandler;
import io.micrometer.tracing.propagation.Propagator;
import io.micrometer.tracing.test.simple.SimpleSpan;
import io.micrometer.tracing.test.simple.SimpleTracer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;
import reactor.util.context.Context;

@DatabaseTest
class DatabaseObservationsIT {

    private static final Duration LIMIT = Duration.ofSeconds(25);
    private static final String KEY = ObservationThreadLocalAccessor.KEY;
    private static final TransactionOptions TRANSFER =
            TransactionOptions.defaults().name("transfer");

    private static final String SELECT = "SELECT " + TestDatabase.get().database();

    private final Database db = Database.builder(TestDatabase.get().url(DatabaseObservationsIT.class))
            .name("shop")
            .build();
    private final SimpleTracer tracer = new SimpleTracer();
    private final ObservationRegistry registry = ObservationRegistry.create();
    private final DatabaseObservations observations = DatabaseObservations.of(db, registry);

    @BeforeEach
    void trace() {
        registry.observationConfig()
                .observationHandler(new ObservationHandler.FirstMatchingCompositeObservationHandler(
                        new PropagatingSenderTracingObservationHandler<>(tracer, Propagator.NOOP),
                        new DefaultTracingObservationHandler(tracer)));
    }

    @AfterEach
    void everythingIsGivenBack() {
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        db.close().block(LIMIT);
    }

    @Test
    void statementsAreChildrenOfTheirTransactionAndThatOfTheRequest() {
        Mono<Long> work = db.inTransaction(
                TRANSFER,
                tx -> tx.sql("SELECT 1")
                        .named("debit")
                        .rowsUpdated()
                        .then(db.sql("SELECT generate_series(1, 3)").rowsUpdated())
                        .then(db.inTransaction(
                                TransactionOptions.defaults()
                                        .propagation(Propagation.REQUIRES_NEW)
                                        .name("audit"),
                                audit -> audit.sql("VALUES (1)").rowsUpdated()))
                        .then(tx.sql("SELECT 4").named("credit").rowsUpdated()));

        inRequest(work);

        SimpleSpan request = span("request");
        SimpleSpan transfer = span("transaction transfer");
        SimpleSpan audit = span("transaction audit");
        assertThat(transfer.getParentId()).isEqualTo(request.getSpanId());
        for (String name : List.of("debit", SELECT, "credit", "transaction audit")) {
            assertThat(span(name).getParentId()).as(name).isEqualTo(transfer.getSpanId());
        }
        assertThat(span("VALUES " + TestDatabase.get().database()).getParentId())
                .isEqualTo(audit.getSpanId());
        assertThat(tracer.getSpans()).hasSize(7).allSatisfy(span -> {
            assertThat(span.getTraceId()).isEqualTo(request.getTraceId());
            assertThat(span.getEndTimestamp()).isNotNull();
        });
        assertThat(span("debit").getKind()).isEqualTo(Span.Kind.CLIENT);
        assertThat(span("debit").getTags())
                .containsEntry("db.system.name", "postgresql")
                .containsEntry("db.operation.name", "SELECT")
                .containsEntry("db.query.summary", "debit")
                .containsEntry("db.query.text", "SELECT ?")
                .containsEntry(
                        "server.port", Integer.toString(TestDatabase.get().port()));
        assertThat(span(SELECT).getTags()).containsEntry("db.response.returned_rows", "3");
        assertThat(transfer.getTags()).containsEntry("outcome", "committed");
        assertThat(span("debit").getEndTimestamp())
                .isBeforeOrEqualTo(span("credit").getStartTimestamp());
        assertThat(span("credit").getEndTimestamp()).isBeforeOrEqualTo(transfer.getEndTimestamp());
    }

    @Test
    void theHandleFormNeedsNoBinding() {
        inRequest(Mono.usingWhen(
                db.beginTransaction(TRANSFER),
                tx -> tx.sql("SELECT 1").rowsUpdated(),
                Transaction::commit,
                (tx, failure) -> tx.rollback(),
                Transaction::rollback));

        assertThat(span(SELECT).getParentId())
                .isEqualTo(span("transaction transfer").getSpanId());
    }

    @Test
    void anObservationOfTheApplicationLiesBetween() {
        inRequest(db.inTransaction(
                TRANSFER,
                tx -> Mono.deferContextual(context -> {
                    Observation step = Observation.createNotStarted("step", registry)
                            .parentObservation(context.get(KEY))
                            .start();
                    return tx.sql("SELECT 1")
                            .rowsUpdated()
                            .contextWrite(Context.of(KEY, step))
                            .doFinally(signal -> step.stop());
                })));

        assertThat(span("step").getParentId())
                .isEqualTo(span("transaction transfer").getSpanId());
        assertThat(span(SELECT).getParentId()).isEqualTo(span("step").getSpanId());
    }

    @Test
    void whatIsNotToBeObservedHidesNoParent() {
        registry.observationConfig().observationPredicate((name, context) -> !name.equals("r2dbc.session.transaction"));

        inRequest(db.inTransaction(TRANSFER, tx -> tx.sql("SELECT 1").rowsUpdated()));

        assertThat(tracer.getSpans()).hasSize(2);
        assertThat(span(SELECT).getParentId()).isEqualTo(span("request").getSpanId());
    }

    @Test
    void failuresAndCancelsEndTheirObservations() {
        StepVerifier.create(db.inTransaction(
                        TRANSFER, tx -> tx.sql("SELECT 1 / (random() * 0)::int").rowsUpdated()))
                .expectError()
                .verify(LIMIT);
        StepVerifier.create(
                        db.inTransactionMany(
                                TRANSFER,
                                tx -> tx.sql("SELECT generate_series(1, 9)")
                                        .as(Integer.class)
                                        .all()),
                        1)
                .expectNext(1)
                .thenCancel()
                .verify(LIMIT);

        assertThat(tracer.getSpans())
                .hasSize(4)
                .allSatisfy(span -> assertThat(span.getEndTimestamp()).isNotNull());
        List<SimpleSpan> spans = List.copyOf(tracer.getSpans());
        assertThat(spans)
                .filteredOn(span -> span.getName().startsWith("SELECT"))
                .satisfiesExactly(
                        failed -> {
                            assertThat(failed.getError()).isNotNull();
                            assertThat(failed.getTags())
                                    .containsEntry("error.type", "22012")
                                    .containsEntry("db.response.status_code", "22012");
                        },
                        cancelled -> assertThat(cancelled.getEvents())
                                .extracting("value")
                                .contains("cancelled"));
        assertThat(spans)
                .filteredOn(span -> span.getName().startsWith("transaction"))
                .extracting(span -> span.getTags().get("outcome"))
                .containsOnly("rolled_back");
    }

    @Test
    void theCurrentObservationFollowsAcrossTheDriversThreads() {
        Hooks.enableAutomaticContextPropagation();
        try {
            List<String> seen = db.inTransaction(
                            TRANSFER,
                            tx -> tx.sql("SELECT 1")
                                    .named("mapped")
                                    .map(row -> Thread.currentThread().getName() + " " + current())
                                    .one()
                                    .map(mapped -> List.of(
                                            mapped, Thread.currentThread().getName() + " " + current())))
                    .contextWrite(Context.of(KEY, request()))
                    .block(LIMIT);

            assertThat(seen).allSatisfy(place -> assertThat(place).doesNotContain("main "));
            assertThat(seen.get(0)).endsWith(" r2dbc.session.query");
            assertThat(seen.get(1)).endsWith(" r2dbc.session.transaction");
        } finally {
            Hooks.disableAutomaticContextPropagation();
        }
    }

    /** Remembers under which observation it was made. */
    record Made(int n, String under) {

        Made(int n, String under) {
            this.n = n;
            this.under = name(ObservationRegistry.create().getCurrentObservation());
        }
    }

    @Test
    void thenARecordIsMadeUnderItsObservationToo() {
        Hooks.enableAutomaticContextPropagation();
        try {
            Made made = db.sql("SELECT 1 AS n, '' AS under")
                    .as(Made.class)
                    .one()
                    .contextWrite(Context.of(KEY, request()))
                    .block(LIMIT);

            assertThat(made).extracting(Made::under).isEqualTo("r2dbc.session.query");
        } finally {
            Hooks.disableAutomaticContextPropagation();
        }
    }

    @Test
    void aMappingFunctionHasItsObservationWithoutThatToo() {
        String seen = db.sql("SELECT 1")
                .map(row -> Thread.currentThread().getName() + " " + current())
                .one()
                .contextWrite(Context.of(KEY, request()))
                .block(LIMIT);

        assertThat(seen).doesNotContain("main ").endsWith(" r2dbc.session.query");
    }

    @Test
    void whereNoFunctionOfTheApplicationIsCalledNothingIsMadeCurrentForOne() {
        AtomicInteger scopes = new AtomicInteger();
        registry.observationConfig().observationHandler(new ObservationHandler<Observation.Context>() {
            @Override
            public void onScopeOpened(Observation.Context context) {
                scopes.incrementAndGet();
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return context instanceof QueryObservationContext;
            }
        });
        Query simple = db.sql("SELECT generate_series(1, 3)");
        Query bound = db.sql("SELECT generate_series(1, :n)").bind("n", 3);

        for (Query three : List.of(simple, bound)) {
            inRequest(three.as(Integer.class).all().collectList());
            inRequest(three.asMap().all().collectList());
            inRequest(three.rowsUpdated());
            inRequest(three.exists());
        }
        assertThat(scopes).hasValue(0);

        inRequest(simple.map(row -> row.get(0, Integer.class)).all().collectList());
        // Once for each row, once for what they look like, once for their end.
        assertThat(scopes).hasValue(5);
    }

    @Test
    void whatAFilterDoesToOneObservationIsNotDoneToTheNext() {
        AtomicInteger stopped = new AtomicInteger();
        registry.observationConfig().observationFilter(context -> {
            if (context instanceof QueryObservationContext query && stopped.incrementAndGet() == 1) {
                assertThat(query.getLowCardinalityKeyValue("db.system.name"))
                        .isEqualTo(KeyValue.of("db.system.name", "postgresql"));
                assertThat(query.getHighCardinalityKeyValue("db.response.returned_rows"))
                        .isEqualTo(KeyValue.of("db.response.returned_rows", "1"));
                assertThat(query.getHighCardinalityKeyValue("team")).isNull();
                query.addLowCardinalityKeyValue(KeyValue.of("team", "tills"))
                        .addLowCardinalityKeyValue(KeyValue.of("db.system.name", "other"))
                        .addHighCardinalityKeyValue(KeyValue.of("ticket", "7"))
                        .removeLowCardinalityKeyValues("server.address", "server.port")
                        .removeHighCardinalityKeyValue("db.query.text");
            }
            return context;
        });

        for (String name : List.of("first", "second")) {
            inRequest(db.sql("SELECT 1").named(name).rowsUpdated());
        }

        assertThat(span("first").getTags())
                .containsEntry("team", "tills")
                .containsEntry("db.system.name", "other")
                .containsEntry("ticket", "7")
                .containsEntry("db.response.returned_rows", "1")
                .doesNotContainKeys("server.address", "server.port", "db.query.text");
        assertThat(span("second").getTags())
                .containsEntry("db.system.name", "postgresql")
                .containsEntry("db.query.text", "SELECT ?")
                .containsKeys("server.address", "server.port")
                .doesNotContainKeys("team", "ticket");
    }

    @Test
    void twoObserversOfOneDatabaseDoNotEndEachOther() {
        ObservationRegistry second = ObservationRegistry.create();
        SimpleTracer secondTracer = new SimpleTracer();
        second.observationConfig().observationHandler(new DefaultTracingObservationHandler(secondTracer));
        try (DatabaseObservations both = DatabaseObservations.of(db, second)) {
            assertThat(both).isNotNull();
            db.inTransaction(TRANSFER, tx -> tx.sql("SELECT 1").rowsUpdated()).block(LIMIT);
        }
        observations.close();
        db.sql("SELECT 1").rowsUpdated().block(LIMIT);

        for (SimpleTracer one : List.of(tracer, secondTracer)) {
            assertThat(one.getSpans())
                    .hasSize(2)
                    .allSatisfy(span -> assertThat(span.getEndTimestamp()).isAfter(Instant.EPOCH));
        }
    }

    private String current() {
        return name(registry.getCurrentObservation());
    }

    private static String name(@Nullable Observation current) {
        return current == null ? "none" : current.getContext().getName();
    }

    private Observation request() {
        return Observation.start("request", registry);
    }

    private <T> void inRequest(Mono<T> work) {
        Observation request = request();
        work.contextWrite(Context.of(KEY, request)).block(LIMIT);
        request.stop();
    }

    private SimpleSpan span(String name) {
        return tracer.getSpans().stream()
                .filter(span -> span.getName().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no span " + name + " in " + tracer.getSpans()));
    }
}
