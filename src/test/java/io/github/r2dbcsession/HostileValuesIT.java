package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.sql.Json;
import io.github.r2dbcsession.sql.RowMappingException;
import io.github.r2dbcsession.sql.StatementException;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.spi.R2dbcException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Sinks;

/** No SQL from a value or a name ever runs: each value comes back as it was sent, and a canary that all of them aim at lives. */
@DatabaseTest
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class HostileValuesIT {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int ALL = switch (System.getProperty("scale", "commit")) {
        case "nightly" -> 1_000_000;
        case "weekly" -> 10_000_000;
        default -> 10_000;
    };
    private static final int VALUES_AT_ONCE = 40;
    private static final int NAMES_AT_ONCE = 10;
    private static final int CHANNELS = ALL / 100;

    private static final List<String> PIECES = List.of(
            "'",
            "''",
            "\"",
            "\\",
            "\\'",
            "$$",
            "$1",
            ":t0",
            ";",
            "--",
            "/*",
            "*/",
            "{",
            "}",
            "(",
            ")",
            ",",
            "[",
            "]",
            "NULL",
            "\n",
            "\r",
            "\t",
            " ",
            "%",
            "E'",
            "::int",
            "\u00a0",
            "\u02bc",
            "\uff07",
            "😀",
            "é",
            "x",
            "'; DROP TABLE canary; --",
            "\"; DROP TABLE canary; --",
            "$$; DELETE FROM canary; $$",
            "' || nextval('canary_sequence') || '",
            "{\"a\": \"'); UPDATE canary SET id = 0; --\"}",
            "\\'; TRUNCATE canary; --",
            "',1),(2,'",
            "COMMIT; INSERT INTO canary VALUES (7); BEGIN");

    record Pair(String a, String b) {}

    private final TestDatabase server = TestDatabase.get();
    private final Database db = Database.builder(server.url(getClass()))
            .pool(PoolSettings.builder()
                    .maxSize(2)
                    .maxAcquireTime(LIMIT)
                    .maxCreateConnectionTime(LIMIT)
                    .build())
            .build();

    @BeforeEach
    void canary() {
        server.freshSchema(getClass());
        for (String sql : List.of(
                "CREATE TABLE canary (id int)",
                "INSERT INTO canary VALUES (41), (42)",
                "CREATE SEQUENCE canary_sequence",
                "CREATE TYPE pair AS (a text, b text)")) {
            db.sql(sql).rowsUpdated().block(LIMIT);
        }
    }

    @AfterEach
    void close() {
        db.close().block(LIMIT);
    }

    @Test
    void everyValueComesBackAndTheCanaryLives() {
        long seed = seed();
        Random random = new Random(seed);
        String before = state();
        for (int done = 0; done < ALL; done += VALUES_AT_ONCE + NAMES_AT_ONCE) {
            List<String> hostile = new ArrayList<>();
            for (int i = 0; i < VALUES_AT_ONCE; i++) {
                hostile.add(hostile(random));
            }
            assertThat(echo(hostile)).as("seed %d, after %d", seed, done).isEqualTo(hostile);
            for (int i = 0; i < NAMES_AT_ONCE; i++) {
                tryAsName(hostile(random));
            }
        }
        assertThat(state()).as("seed %d", seed).isEqualTo(before);
    }

    /** Sends them alone, in an array, in a composite, in an array of composites and in JSON. */
    private List<String> echo(List<String> hostile) {
        Query query = db.sql("""
                        SELECT ARRAY[:t0, :t1, :t2, :t3, :t4] || :list::text[] || ARRAY[(:pair::pair).a, (:pair::pair).b]
                            || ARRAY(SELECT p.a FROM unnest(:pairs::pair[]) p) || (:json::jsonb ->> 'k')
                            || ARRAY(SELECT value FROM jsonb_array_elements_text(:array))""")
                .bind("list", hostile.subList(5, 20))
                .bind("pair", new Pair(hostile.get(20), hostile.get(21)))
                .bind("pairs", List.of(new Pair(hostile.get(22), "'"), new Pair(hostile.get(23), "\"")))
                .bind("json", Json.of(Map.of("k", hostile.get(24))))
                .bind("array", Json.of(hostile.subList(25, VALUES_AT_ONCE)));
        for (int i = 0; i < 5; i++) {
            query = query.bind("t" + i, i == 4 ? Optional.of(hostile.get(i)) : hostile.get(i));
        }
        return Arrays.asList(query.as(String[].class).one().block(LIMIT));
    }

    /** As that of a parameter, of a column and of a setting. */
    private void tryAsName(String name) {
        Query query = db.sql("SELECT id FROM canary WHERE id = :id").bind("id", 41);
        assertThatThrownBy(() -> query.bind(name, 1).as(Integer.class).one().block(LIMIT))
                .isInstanceOf(StatementException.class);
        assertThatThrownBy(() ->
                        query.map(row -> row.get(name, Integer.class)).one().block(LIMIT))
                .isInstanceOf(RowMappingException.class);
        if (!name.matches("[\\w$.]*")) {
            assertThatThrownBy(() -> ContextSetting.required(name, "key")).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void settingsTakeAnyValueAndNoHostileName() {
        long seed = seed();
        Random random = new Random(seed);
        String before = state();
        for (int i = 0; i < 50; i++) {
            String hostile = hostile(random);
            String read = db.inTransaction(tx -> tx.setLocal("app.tenant", hostile)
                            .then(tx.sql("SELECT current_setting('app.tenant')")
                                    .as(String.class)
                                    .one()))
                    .block(LIMIT);
            assertThat(read).as("seed %d", seed).isEqualTo(hostile);
            assertThatThrownBy(() -> db.inTransaction(tx -> tx.setLocal("app." + hostile + "'", "1"))
                            .block(LIMIT))
                    .as("seed %d, %s", seed, hostile)
                    .isInstanceOfAny(R2dbcException.class, IllegalArgumentException.class);
        }
        assertThat(state()).as("seed %d", seed).isEqualTo(before);
    }

    /** Each is heard on just the channel that is called so, by a name that is quoted and by one that is a value. */
    @Test
    void channelsHaveAnyName() {
        long seed = seed();
        Random random = new Random(seed);
        String before = state();
        List<Notification.Message> heard = new CopyOnWriteArrayList<>();
        List<Notification.Message> expected = new ArrayList<>();
        Disposable.Composite listening = Disposables.composite();
        for (int i = 0; i < CHANNELS; i++) {
            String name = channel(random, i);
            String payload = hostile(random);
            Sinks.Empty<Void> listens = Sinks.empty();
            listening.add(db.listen(name).subscribe(told -> {
                if (told instanceof Notification.Message message) {
                    heard.add(new Notification.Message(message.channel(), message.payload(), 0));
                } else {
                    listens.tryEmitEmpty();
                }
            }));
            listens.asMono().block(LIMIT);
            db.notify(name, payload).block(LIMIT);
            expected.add(new Notification.Message(name, payload, 0));
        }
        await().atMost(LIMIT).until(() -> heard.size() >= CHANNELS);
        listening.dispose();
        assertThat(heard).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(state()).as("seed %d", seed).isEqualTo(before);
    }

    /** No longer than the server has it, and of its own. */
    private static String channel(Random random, int number) {
        String name = hostile(random) + number;
        while (name.getBytes(StandardCharsets.UTF_8).length > 63) {
            name = name.substring(name.offsetByCodePoints(0, 1));
        }
        return name;
    }

    private static long seed() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("HostileValuesIT seed " + seed);
        return seed;
    }

    private static String hostile(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = 1 + random.nextInt(6); i > 0; i--) {
            text.append(PIECES.get(random.nextInt(PIECES.size())));
        }
        return text.toString();
    }

    /** What any of them would change. */
    private String state() {
        return server.query(
                        """
                        SELECT (SELECT string_agg(id::text, ',' ORDER BY id) FROM %1$s.canary),
                               (SELECT is_called FROM %1$s.canary_sequence),
                               (SELECT count(*) FROM pg_class WHERE relnamespace = '%1$s'::regnamespace)""".formatted(TestDatabase.schema(getClass())),
                        row -> row.getString(1) + " " + row.getString(2) + " " + row.getString(3))
                .get(0);
    }
}
