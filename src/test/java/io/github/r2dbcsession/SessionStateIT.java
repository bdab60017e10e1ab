package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.config.ResetPolicy;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Leaves every kind of session state by every way out, and looks whether the next borrower finds a session like a fresh one. */
@DatabaseTest
class SessionStateIT {

    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final int LANES = 8;

    private enum WayOut {
        OK,
        ERROR,
        CANCEL,
        DEADLINE,
        KILL
    }

    /** What a borrower leaves; {@code %d} is a number of its own. */
    private static final List<String> KINDS = List.of(
            "SET TimeZone = 'Asia/Tokyo'",
            "SET search_path = pg_catalog",
            "SET DateStyle = 'SQL, DMY'; SET client_min_messages = error",
            "SET default_transaction_read_only = on",
            "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "SET session_replication_role = replica",
            "SET plpgsql.extra_warnings = 'all'",
            "SET ROLE session_state_reader",
            "SET SESSION AUTHORIZATION session_state_reader",
            "SELECT set_config('app.tenant', 'acme', false)",
            "SELECT pg_advisory_lock(%d), pg_advisory_lock_shared(7)",
            "LISTEN news",
            "PREPARE \"pre\"\"pared\" AS SELECT 1",
            "DECLARE held CURSOR WITH HOLD FOR SELECT 1",
            "CREATE TEMP TABLE account (id text)",
            "CREATE TYPE pg_temp.mood AS ENUM ('low', 'high')",
            "SELECT id AS other INTO TEMP picked FROM account",
            "SELECT nextval('counter'), lo_creat(-1)",
            "INSERT INTO account DEFAULT VALUES",
            "SELECT leave_state(%d)",
            "SELECT leaving FROM account_view",
            "SELECT a.leaving_of_row FROM account a",
            "INSERT INTO watched VALUES (%d)",
            "DELETE FROM unwatched_root WHERE id = %d",
            "INSERT INTO parted VALUES (%d)",
            "UPDATE parent SET id = %d",
            "INSERT INTO routed VALUES (%d)",
            "INSERT INTO ruled VALUES (%d)",
            "INSERT INTO defaulted (id) VALUES (%d)",
            "INSERT INTO checked VALUES (%d)",
            "INSERT INTO generated VALUES (%d)",
            "INSERT INTO indexed VALUES (%d)",
            "INSERT INTO of_domain VALUES ('{%d}')",
            "INSERT INTO numbered (note) VALUES ('new')",
            "UPDATE numbered SET id = DEFAULT WHERE id IN (SELECT id FROM numbered LIMIT 1)",
            "UPDATE pg_settings SET setting = 'Asia/Tokyo' WHERE name = 'TimeZone'",
            "SELECT id AS \"insert\" INTO TEMP picked FROM account",
            "DEALLOCATE ALL",
            "DISCARD ALL");

    private final TestDatabase server = TestDatabase.get();
    private final String schema = TestDatabase.schema(SessionStateIT.class);
    private final String name = TestDatabase.applicationName(SessionStateIT.class);
    private final AtomicLong numbers = new AtomicLong();
    private final long seed = System.nanoTime();
    private final List<Database> databases = new ArrayList<>();

    @BeforeEach
    void objects() {
        server.freshSchema(SessionStateIT.class);
        server.execute(
                "DO $$ BEGIN CREATE ROLE session_state_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
        server.execute("""
                SET search_path = %s;
                CREATE SEQUENCE counter;
                CREATE TABLE account (id serial PRIMARY KEY, owner text DEFAULT set_config('app.owner', 'me', false));
                INSERT INTO account DEFAULT VALUES;
                CREATE FUNCTION leave_state(key bigint) RETURNS int LANGUAGE plpgsql AS $$
                BEGIN
                  PERFORM pg_advisory_lock(key);
                  PERFORM set_config('work_mem', '1MB', false);
                  EXECUTE 'LISTEN gossip';
                  EXECUTE format('PREPARE %%I AS SELECT 1', 'made by a function');
                  CREATE TEMP TABLE made_by_a_function (id int);
                  RETURN 1;
                END $$;
                CREATE VIEW account_view AS SELECT set_config('app.tenant', 'seen', false) AS leaving FROM account;
                CREATE FUNCTION leaving_of_row(account) RETURNS text LANGUAGE sql
                  AS $$ SELECT set_config('app.tenant', 'row', false) $$;
                CREATE TABLE watched (id bigint);
                CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                  PERFORM pg_advisory_lock(NEW.id);
                  SET TimeZone = 'Asia/Tokyo';
                  RETURN NEW;
                END $$;
                CREATE TRIGGER watching BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION watch();
                CREATE TABLE unwatched_root AS SELECT generate_series(1001, %d) AS id;
                ALTER TABLE unwatched_root ADD PRIMARY KEY (id);
                CREATE TABLE unwatched (id int PRIMARY KEY REFERENCES unwatched_root ON DELETE CASCADE);
                CREATE TABLE watched_leaf (id int PRIMARY KEY REFERENCES unwatched ON DELETE CASCADE);
                INSERT INTO unwatched SELECT * FROM unwatched_root;
                INSERT INTO watched_leaf SELECT * FROM unwatched_root;
                CREATE FUNCTION watch_end() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN PERFORM leave_setting(OLD.id); RETURN OLD; END $$;
                CREATE FUNCTION leave_setting(key bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
                BEGIN PERFORM pg_advisory_lock(key), set_config('app.tenant', 'left', false); RETURN key; END $$;
                CREATE TRIGGER watching BEFORE DELETE ON watched_leaf FOR EACH ROW EXECUTE FUNCTION watch_end();
                CREATE TABLE parted (id bigint) PARTITION BY RANGE (id);
                CREATE TABLE part PARTITION OF parted DEFAULT;
                CREATE TRIGGER watching BEFORE INSERT ON part FOR EACH ROW EXECUTE FUNCTION watch();
                CREATE TABLE parent (id bigint);
                CREATE TABLE child () INHERITS (parent);
                INSERT INTO child VALUES (1);
                CREATE TRIGGER watching BEFORE UPDATE ON child FOR EACH ROW EXECUTE FUNCTION watch();
                CREATE TABLE routed (id bigint) PARTITION BY RANGE (leave_setting(id));
                CREATE TABLE route PARTITION OF routed DEFAULT;
                CREATE TABLE ruled (id bigint);
                CREATE RULE also AS ON INSERT TO ruled DO ALSO SELECT leave_setting(NEW.id);
                CREATE TABLE defaulted (id bigint, left_by bigint DEFAULT leave_setting(pg_backend_pid()));
                CREATE TABLE checked (id bigint CHECK (leave_setting(id) > 0));
                CREATE TABLE generated (id bigint, same bigint GENERATED ALWAYS AS (leave_setting(id)) STORED);
                CREATE TABLE indexed (id bigint);
                CREATE INDEX ON indexed (leave_setting(id));
                CREATE DOMAIN leaving_domain AS bigint CHECK (leave_setting(value) > 0);
                CREATE TABLE of_domain (ids leaving_domain[]);
                CREATE TABLE numbered (id bigint GENERATED ALWAYS AS IDENTITY, note text);
                INSERT INTO numbered (note) VALUES ('first');
                CREATE FUNCTION last_value_of_any() RETURNS text LANGUAGE plpgsql AS $$
                BEGIN RETURN lastval(); EXCEPTION WHEN object_not_in_prerequisite_state THEN RETURN 'none'; END $$;
                CREATE FUNCTION fingerprint(bound int) RETURNS text LANGUAGE sql AS $$
                  SELECT concat_ws(E'\\n', bound,
                    (SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings
                      WHERE source NOT IN ('default', 'override') OR setting IS DISTINCT FROM boot_val),
                    (SELECT 'locks ' || count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'),
                    (SELECT 'prepared ' || count(*) FROM pg_prepared_statements WHERE from_sql),
                    (SELECT 'channels ' || count(*) FROM pg_listening_channels()),
                    (SELECT 'cursors ' || count(*) FROM pg_cursors WHERE is_holdable),
                    (SELECT 'temporary ' || count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()),
                    (SELECT 'types ' || count(*) FROM pg_type WHERE typnamespace = pg_my_temp_schema()),
                    'users ' || current_user || session_user || current_schemas(false)::text,
                    'tenant ' || coalesce(current_setting('app.tenant', true), '')
                      || coalesce(current_setting('app.owner', true), ''),
                    'last value ' || last_value_of_any()) $$;
                SET search_path = public""".formatted(schema, 1_001 + KINDS.size() * WayOut.values().length * borrowsEach()));
    }

    @AfterEach
    void everythingIsGivenBack() {
        Flux.fromIterable(databases).flatMap(Database::close).blockLast(LIMIT);
        server.awaitNoBackends(name);
    }

    @Test
    @Timeout(value = 2, unit = TimeUnit.HOURS)
    void theNextBorrowerFindsAFreshSession() {
        assertThat(leaks(ResetPolicy.DEFAULT, borrowsEach()))
                .as("leaks, seed %d", seed)
                .isEmpty();
    }

    /** The limit of the policy, and the proof that these leaks would be seen. */
    @Test
    void trustedStatementsLeakWhatFunctionsAndTriggersDo() {
        List<String> leaks = leaks(ResetPolicy.TRUSTING, 2);

        assertThat(leaks)
                .anyMatch(leak -> leak.startsWith("Borrow[kind=SELECT set_config"))
                .anyMatch(leak -> leak.startsWith("Borrow[kind=SELECT leaving FROM account_view"))
                .anyMatch(leak -> leak.startsWith("Borrow[kind=INSERT INTO watched"))
                .noneMatch(leak -> leak.startsWith("Borrow[kind=SET ") && leak.contains("wayOut=OK"));
    }

    private record Borrow(String kind, WayOut wayOut, int variant) {}

    private List<String> leaks(ResetPolicy policy, int borrowsEach) {
        List<Borrow> borrows = new ArrayList<>();
        for (int i = 0; i < borrowsEach; i++) {
            for (WayOut wayOut : WayOut.values()) {
                for (String kind : KINDS) {
                    borrows.add(new Borrow(kind, wayOut, borrows.size()));
                }
            }
        }
        Collections.shuffle(borrows, new Random(seed));
        String fresh = freshSession();
        List<String> leaks = Flux.range(0, LANES)
                .flatMap(lane -> lane(policy, fresh, every(LANES, lane, borrows)), LANES)
                .collectList()
                .block(LIMIT.multipliedBy(borrowsEach));
        System.out.printf("%d borrows under %s, %d leaks%n", borrows.size(), policy, leaks.size());
        return leaks;
    }

    private Flux<String> lane(ResetPolicy policy, String fresh, List<Borrow> borrows) {
        Database db = database(policy);
        return Flux.fromIterable(borrows)
                .concatMap(borrow -> leave(db, borrow)
                        .onErrorComplete()
                        .then(fingerprint(db))
                        .filter(found -> !found.equals(fresh))
                        .map(found -> borrow + " left\n" + found + "\nin place of\n" + fresh));
    }

    private Mono<Void> leave(Database db, Borrow borrow) {
        String sql = borrow.kind().replace("%d", Long.toString(numbers.incrementAndGet() + 1_000));
        boolean transaction = borrow.variant() % 2 == 0 && !borrow.kind().startsWith("DISCARD");
        return switch (borrow.wayOut()) {
            case OK ->
                transaction
                        ? db.inTransaction(tx -> run(tx, sql))
                        : borrow.variant() % 3 == 0 ? run(db, sql) : db.inSession(session -> run(session, sql));
            case ERROR -> db.inSession(session -> run(session, sql).then(run(session, "SELECT 1/0")));
            case CANCEL ->
                (transaction
                                ? db.inTransaction(tx -> run(tx, sql).then(run(tx, "SELECT pg_sleep(5)")))
                                : db.inSession(session -> run(session, sql).then(run(session, "SELECT pg_sleep(5)"))))
                        .timeout(Duration.ofMillis(borrow.variant() % 20), Mono.empty());
            case DEADLINE ->
                db.inTransaction(
                        TransactionOptions.defaults().deadline(Duration.ofMillis(1 + borrow.variant() % 20)),
                        tx -> run(tx, sql).then(run(tx, "SELECT pg_sleep(5)")));
            case KILL ->
                db.inSession(session ->
                        run(session, sql).then(run(session, "SELECT pg_terminate_backend(pg_backend_pid())")));
        };
    }

    /** Asked in a transaction, where a statement that the driver takes for prepared has no second chance. */
    private static Mono<String> fingerprint(Database db) {
        return db.inTransaction(tx -> tx.sql("SELECT fingerprint(:bound)")
                .bind("bound", 1)
                .as(String.class)
                .one());
    }

    private String freshSession() {
        return Mono.usingWhen(
                        database(ResetPolicy.DEFAULT).openDedicatedSession(),
                        session -> session.sql("SELECT fingerprint(:bound)")
                                .bind("bound", 1)
                                .as(String.class)
                                .one(),
                        Session::close)
                .block(LIMIT);
    }

    private static Mono<Void> run(SqlClient client, String sql) {
        return client.sql(sql).rowsUpdated().then();
    }

    private Database database(ResetPolicy policy) {
        Database db = Database.builder(server.url(SessionStateIT.class))
                .pool(PoolSettings.builder().maxSize(1).resetPolicy(policy).build())
                .build();
        databases.add(db);
        return db;
    }

    private static <T> List<T> every(int step, int start, List<T> all) {
        List<T> some = new ArrayList<>();
        for (int i = start; i < all.size(); i += step) {
            some.add(all.get(i));
        }
        return some;
    }

    private static int borrowsEach() {
        return switch (System.getProperty("scale", "commit")) {
            case "weekly", "nightly" -> 500;
            default -> 20;
        };
    }
}
