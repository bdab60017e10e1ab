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
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

@DatabaseTest
class SlowQueryLogIT {

    private static final Duration LIMIT = Duration.ofSeconds(25);
    private static final Duration THRESHOLD = Duration.ofMillis(100);

    private final TestDatabase server = TestDatabase.get();
    private final String table = TestDatabase.schema(SlowQueryLogIT.class) + ".person";
    private final Logged logged = new Logged(SlowQueryLog.class);
    private final Database db = Database.builder(server.url(SlowQueryLogIT.class))
            .name("shop")
            .pool(PoolSettings.builder().maxSize(2).build())
            .build();

    @BeforeEach
    void table() {
        server.freshSchema(SlowQueryLogIT.class);
        server.execute("CREATE TABLE " + table + " (id bigint PRIMARY KEY, email text)");
    }

    @AfterEach
    void everythingIsGivenBack() {
        logged.close();
        await().atMost(LIMIT)
                .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
        db.close().block(LIMIT);
    }

    @Test
    void onlySlowStatementsAreLoggedAndWithoutValues() {
        db.listen(SlowQueryLog.of(db, THRESHOLD));

        db.sql("SELECT 1").rowsUpdated().block(LIMIT);
        db.sql("SELECT pg_sleep(:seconds), :email::text AS email, 'literal'")
                .named("find person")
                .bind("seconds", 0.15)
                .bind("email", "secret@example.org")
                .rowsUpdated()
                .block(LIMIT);

        assertThat(logged.messages())
                .filteredOn(message -> !message.contains("SELECT ?"))
                .singleElement()
                .asString()
                .startsWith("shop: find person took ")
                .endsWith("ms (completed, 1 rows): SELECT pg_sleep($1), $2::text AS email, ?");
        assertThat(logged.messages()).noneMatch(message -> message.contains("secret") || message.contains("literal"));
    }

    @Test
    void failuresSayTheirState() {
        db.listen(SlowQueryLog.of(db, THRESHOLD));

        db.sql("SELECT pg_sleep(0.15), 1 / (random() * 0)::int")
                .rowsUpdated()
                .onErrorComplete()
                .block(LIMIT);

        assertThat(logged.messages()).anyMatch(message -> message.contains("(failed 22012, 0 rows)"));
    }

    @Test
    void thePlanFollowsWithoutValuesAndTheStatementIsNotRunAgain() {
        db.listen(SlowQueryLog.of(db, THRESHOLD).withPlans());

        db.sql("INSERT INTO " + table + " SELECT 1, :email FROM pg_sleep(0.15) s WHERE :email <> 'x'")
                .bind("email", "it's (cost=\n secret 4711")
                .rowsUpdated()
                .block(LIMIT);

        await().atMost(LIMIT)
                .until(() -> logged.messages().stream().anyMatch(message -> message.contains("plan of INSERT")));
        List<String> plans = logged.messages().stream()
                .filter(message -> message.contains("plan of"))
                .toList();
        assertThat(plans)
                .singleElement()
                .asString()
                .contains("Insert on person")
                .contains("(cost=");
        assertThat(logged.messages()).noneMatch(message -> message.contains("secret") || message.contains("4711"));
        assertThat(db.sql("SELECT count(*) FROM " + table).as(Long.class).one().block(LIMIT))
                .isEqualTo(1);
    }

    @Test
    void aPlanIsAskedForOnlyWhereThatIsWished() {
        var plain = db.listen(SlowQueryLog.of(db, THRESHOLD));
        db.sql("SELECT pg_sleep(0.15)").named("unasked").rowsUpdated().block(LIMIT);
        plain.dispose();
        db.listen(SlowQueryLog.of(db, THRESHOLD).withPlans());
        db.sql("SELECT pg_sleep(0.15)").named("asked").rowsUpdated().block(LIMIT);

        // One that was asked for before would be here by now.
        await().atMost(LIMIT)
                .until(() -> logged.messages().stream().anyMatch(message -> message.contains("plan of asked")));
        assertThat(logged.messages())
                .anyMatch(message -> message.contains("unasked took"))
                .noneMatch(message -> message.contains("plan of unasked"));
    }

    @Test
    void plansAreRareAndLinesFew() {
        db.listen(SlowQueryLog.of(db, Duration.ofNanos(1)).withPlans());

        Flux.range(0, 60)
                .concatMap(i -> db.sql("SELECT " + i % 2).rowsUpdated())
                .blockLast(LIMIT);

        await().atMost(LIMIT)
                .until(() -> logged.messages().stream().anyMatch(message -> message.contains("plan of SELECT")));
        assertThat(logged.messages())
                .filteredOn(message -> message.contains("plan of"))
                .hasSize(1);
        assertThat(logged.messages()).hasSizeLessThan(60);
    }

    @Test
    void whatHasNoPlanAndWhatMayBeSeveralStatementsIsNotExplained() {
        for (String sql : List.of("SHOW work_mem", "SELECT 1; DELETE FROM " + table, "EXPLAIN ANALYZE SELECT 1")) {
            assertThat(plan(sql)).as(sql).isNull();
        }
        assertThat(plan("(SELECT count(*) FROM " + table + " WHERE id = 4711)"))
                .contains("Aggregate")
                .contains("(id = ?)")
                .doesNotContain("4711");
        assertThatIllegalArgumentException().isThrownBy(() -> SlowQueryLog.of(db, Duration.ZERO));
    }

    private String plan(String sql) {
        AtomicReference<QueryStart> heard = new AtomicReference<>();
        var listening = db.listen(new DatabaseListener() {
            @Override
            public void onQuery(QueryEnd end) {
                heard.set(end.query());
            }
        });
        db.sql(sql).rowsUpdated().block(LIMIT);
        listening.dispose();
        await().atMost(LIMIT).until(() -> db.stats().idle() > 0);
        return heard.get().plan(db).block(LIMIT);
    }
}
