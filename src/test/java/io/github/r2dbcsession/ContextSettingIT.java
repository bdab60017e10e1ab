package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.config.ResetPolicy;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.R2dbcException;
import java.nio.CharBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Settings that come from the Reactor Context: the tenant of row-level security, and the application's name. */
@DatabaseTest
class ContextSettingIT {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final int TENANTS = 50;
    private static final String SET_SESSION = "SELECT pg_catalog.set_config($1, $2, false)";
    private static final String SET_LOCAL = "SELECT pg_catalog.set_config($1, $2, true)";

    private final TestDatabase server = TestDatabase.get();
    private final String schema = TestDatabase.schema(ContextSettingIT.class);
    private final ProtocolProxy wire = new ProtocolProxy(server);
    private final Database db = Database.builder(
                    wire.url(ContextSettingIT.class).replaceFirst("//[^@]+@", "//context_setting_app:secret@"))
            .name("shop")
            .pool(PoolSettings.builder().maxSize(4).build())
            .contextSetting(ContextSetting.required("app.tenant", "tenant"))
            .contextSetting(ContextSetting.optional("application_name", "caller"))
            .build();

    @BeforeEach
    void rows() {
        server.freshSchema(ContextSettingIT.class);
        server.execute("""
                DO $$ BEGIN CREATE ROLE context_setting_app LOGIN PASSWORD 'secret';
                EXCEPTION WHEN duplicate_object THEN NULL; END $$;
                GRANT USAGE ON SCHEMA %1$s TO context_setting_app;
                CREATE TABLE %1$s.account (tenant text NOT NULL, id int NOT NULL);
                GRANT ALL ON %1$s.account TO context_setting_app;
                ALTER TABLE %1$s.account ENABLE ROW LEVEL SECURITY;
                CREATE POLICY own ON %1$s.account USING (tenant = current_setting('app.tenant', true));
                INSERT INTO %1$s.account SELECT 'tenant ' || t, i FROM generate_series(0, %2$d) t, generate_series(1, 3) i""".formatted(schema, TENANTS - 1));
    }

    @AfterEach
    void everythingIsGivenBack() {
        awaitQuiet();
        db.close().block(LIMIT);
        wire.close();
        server.awaitNoBackends(TestDatabase.applicationName(ContextSettingIT.class));
        server.dropSchema(ContextSettingIT.class);
        server.execute("DROP ROLE context_setting_app");
    }

    @Test
    void everyTenantSeesItsOwnRowsOnly() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int uses = scaled(2_000, 50_000);

        Flux.range(0, uses)
                .map(i -> random.nextInt(TENANTS * 10))
                .flatMap(
                        pick -> {
                            String tenant = "tenant " + pick % TENANTS;
                            return as(tenant, borrow(pick / TENANTS))
                                    .doOnNext(seen -> assertThat(seen)
                                            .as("rows of %s, seed %d", tenant, seed)
                                            .isEqualTo(3 + " " + tenant));
                        },
                        16)
                .blockLast(Duration.ofSeconds(30 + uses / 50));
    }

    /** One of ten ways to borrow a connection; those that are cut short or fail emit nothing. */
    private Mono<String> borrow(int way) {
        return switch (way) {
            case 0, 1 -> rows(db);
            case 2, 3 -> db.inSession(ContextSettingIT::rows);
            case 4, 5 -> db.inTransaction(ContextSettingIT::rows);
            case 6 -> db.inTransaction(tx -> rows(db).then(rows(tx)));
            case 7 -> rows(db).timeout(Duration.ofMillis(2), Mono.empty());
            case 8 ->
                db.inTransaction(tx -> rows(tx).then(Mono.<String>error(new IllegalArgumentException())))
                        .onErrorComplete();
            default -> Mono.usingWhen(db.openSession(), ContextSettingIT::rows, Session::close);
        };
    }

    @Test
    void withoutATenantNothingIsSent() {
        List<Mono<?>> uses = List.of(
                rows(db),
                db.inSession(ContextSettingIT::rows),
                db.inSessionMany(ContextSettingIT::rows).then(),
                db.inTransaction(ContextSettingIT::rows),
                db.inTransactionMany(ContextSettingIT::rows).then(),
                db.inUnitOfWork(unit -> rows(unit)),
                db.openSession(),
                db.beginTransaction(),
                rows(db).contextWrite(context -> context.put("tenant", "")));

        for (Mono<?> use : uses) {
            StepVerifier.create(use)
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(ContextValueException.class)
                            .hasMessageContaining("app.tenant"))
                    .verify(LIMIT);
        }
        assertThat(db.stats().allocated()).as("connections made").isZero();
        assertThat(wire.statements()).isEmpty();
    }

    @Test
    void inATransactionTheTenantSharesTheRoundTripOfTheBegin() {
        as("tenant 1", db.inTransaction(tx -> rows(tx).then(rows(db)))).block(LIMIT);

        assertThat(wire.roundTrips())
                .contains("BEGIN + " + SET_LOCAL)
                .noneMatch(statements -> statements.contains(SET_SESSION));
    }

    @Test
    void outsideItIsResetAfterwards() {
        as("tenant 1", rows(db)).block(LIMIT);
        awaitQuiet();

        assertThat(wire.statements())
                .contains(SET_SESSION)
                .anySatisfy(sent -> assertThat(sent).contains("RESET ALL"));
        assertThat(db.stats().idle()).as("a plain role may reset").isEqualTo(1);
        assertThat(as("tenant 2", setting("app.tenant")).block(LIMIT)).isEqualTo("tenant 2");
    }

    @Test
    void aSessionIsGivenItsSettingsOnce() {
        as(
                        "tenant 1",
                        db.inSession(session ->
                                Flux.range(0, 5).flatMap(i -> rows(session)).then(rows(session))))
                .block(LIMIT);

        assertThat(wire.statements()).filteredOn(SET_SESSION::equals).hasSize(1);
    }

    @Test
    void whatTheTransactionBroughtIsWhatJoinedWorkSees() {
        String seen = as(
                        "tenant 1",
                        db.inTransaction(
                                tx -> setting("app.tenant").contextWrite(context -> context.put("tenant", "tenant 2"))))
                .block(LIMIT);

        assertThat(seen).isEqualTo("tenant 1");
    }

    @Test
    void workBesideTheTransactionBringsItsOwn() {
        TransactionOptions beside = TransactionOptions.defaults().propagation(Propagation.REQUIRES_NEW);
        String seen = as(
                        "tenant 1",
                        db.inTransaction(tx -> rows(tx).then(
                                        as("tenant 2", db.inTransaction(beside, inner -> setting("app.tenant"))))))
                .block(LIMIT);

        assertThat(seen).isEqualTo("tenant 2");
    }

    @Test
    void aBeginThatFailsLeavesNoTenantBehind() {
        wire.rewrite(sql -> sql.equals("BEGIN") ? "SELECT 1/0" : sql);

        StepVerifier.create(as("tenant 1", db.inTransaction(ContextSettingIT::rows)))
                .expectError(R2dbcException.class)
                .verify(LIMIT);
        wire.rewrite(sql -> sql);

        assertThat(wire.statements()).doesNotContain("SELECT count(*) || ' ' || min(tenant) FROM account");
        assertThat(Flux.range(0, 4)
                        .concatMap(i -> as("tenant 2", setting("app.tenant")))
                        .collectList()
                        .block(LIMIT))
                .containsOnly("tenant 2");
    }

    @Test
    void anOptionalSettingIsSetWhereThereIsOne() {
        Mono<String> name = setting("application_name");

        assertThat(as("tenant 1", name)
                        .contextWrite(context -> context.put("caller", Thread.State.NEW))
                        .block(LIMIT))
                .isEqualTo("NEW");
        assertThat(as("tenant 1", name).block(LIMIT)).isEqualTo("ContextSettingIT");
    }

    @Test
    void aSettingTheServerRefusesStopsTheWork() {
        Database strict = Database.builder(server.url(ContextSettingIT.class))
                .pool(PoolSettings.builder()
                        .maxSize(1)
                        .resetPolicy(ResetPolicy.TRUSTING)
                        .build())
                .contextSetting(ContextSetting.optional("work_mem", "memory"))
                .build();
        Mono<Integer> one = strict.sql("SELECT 1").as(Integer.class).one();

        for (Mono<Integer> work : List.of(
                one,
                strict.inSession(
                        session -> session.sql("SELECT 1").as(Integer.class).one()),
                strict.inTransaction(tx -> tx.sql("SELECT 1").as(Integer.class).one()))) {
            StepVerifier.create(work.contextWrite(context -> context.put("memory", "plenty")))
                    .expectError(R2dbcException.class)
                    .verify(LIMIT);
        }
        assertThat(one.block(LIMIT)).isEqualTo(1);
        strict.close().block(LIMIT);
    }

    @Test
    void warmingUpNeedsNoTenant() {
        assertThat(db.warmUp(2).block(LIMIT).opened()).isEqualTo(2);
    }

    static List<Object> values() {
        return List.of("it's; DROP TABLE account; --\\", 7L, true, new UUID(1, 2), CharBuffer.wrap("é😀"));
    }

    @ParameterizedTest
    @MethodSource("values")
    void valuesArriveAsTheyAre(Object value) {
        assertThat(as(value, setting("app.tenant")).block(LIMIT)).isEqualTo(value.toString());
        assertThat(as(value, db.inTransaction(tx -> setting("app.tenant"))).block(LIMIT))
                .isEqualTo(value.toString());
    }

    static List<Object> unusableValues() {
        return List.of("secret\0", "secret\ud800", List.of("secret"));
    }

    @ParameterizedTest
    @MethodSource("unusableValues")
    void valuesThatCannotBeUsedAreRefusedAndNotTold(Object value) {
        StepVerifier.create(as(value, rows(db)))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(ContextValueException.class)
                        .hasMessageContaining("app.tenant")
                        .hasMessageNotContaining("secret"))
                .verify(LIMIT);
        assertThat(wire.statements()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "app tenant", "app.", "1.x", "a'b", "app\0.tenant"})
    void namesThatAreNoneAreRefused(String name) {
        assertThatThrownBy(() -> ContextSetting.required(name, "tenant"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("letters, digits and underscores");
    }

    @Test
    void aSettingIsGivenOnce() {
        DatabaseBuilder builder = Database.builder("postgresql://localhost/x")
                .contextSetting(ContextSetting.required("app.tenant", "tenant"));

        assertThatThrownBy(() -> builder.contextSetting(ContextSetting.optional("APP.tenant", "other")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("APP.tenant");
    }

    private static <T> Mono<T> as(Object tenant, Mono<T> work) {
        return work.contextWrite(context -> context.put("tenant", tenant));
    }

    private static Mono<String> rows(SqlClient client) {
        return client.sql("SELECT count(*) || ' ' || min(tenant) FROM account")
                .as(String.class)
                .one();
    }

    private Mono<String> setting(String name) {
        return db.sql("SELECT current_setting(:name)")
                .bind("name", name)
                .as(String.class)
                .one();
    }

    private void awaitQuiet() {
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
    }

    private static int scaled(int commit, int nightly) {
        return System.getProperty("scale", "commit").equals("commit") ? commit : nightly;
    }
}
