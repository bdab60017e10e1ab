package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.connection.ConnectListener;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.netty.tcp.TcpResources;

@DatabaseTest
class SuspectsIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final TestDatabase server = TestDatabase.get();
    private final AtomicLong clock = new AtomicLong(-5);
    private final Suspects suspects = new Suspects(clock::get);
    private final PhysicalConnection connection = new Connector(
                    ConnectionString.parse(server.url(SuspectsIT.class)),
                    LIMIT,
                    TcpResources.get(),
                    new ConnectListener() {})
            .connect()
            .block(LIMIT);

    @BeforeEach
    void objects() {
        server.freshSchema(SuspectsIT.class);
        server.execute("""
                SET search_path = suspects_it;
                CREATE TABLE s_plain (id serial PRIMARY KEY, tenant text DEFAULT set_config('a.b', 'c', false));
                CREATE VIEW s_View AS SELECT * FROM s_plain;
                CREATE MATERIALIZED VIEW s_stored AS SELECT * FROM s_plain;
                CREATE FUNCTION s_function() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
                CREATE PROCEDURE "S Procedure"() LANGUAGE sql AS 'SELECT 1';
                CREATE AGGREGATE s_aggregate (int) (sfunc = int4pl, stype = int);
                CREATE TABLE s_tenant_rows (tenant text);
                ALTER TABLE s_tenant_rows ENABLE ROW LEVEL SECURITY;
                CREATE POLICY mine ON s_tenant_rows USING (tenant = lower(current_setting('app.tenant', true)));
                CREATE TABLE s_leaking_rows (tenant text);
                ALTER TABLE s_leaking_rows ENABLE ROW LEVEL SECURITY;
                CREATE POLICY mine ON s_leaking_rows USING (tenant = set_config('app.tenant', 'x', false));
                CREATE TABLE s_calling_rows (id int);
                ALTER TABLE s_calling_rows ENABLE ROW LEVEL SECURITY;
                CREATE POLICY mine ON s_calling_rows USING (id = s_function());
                CREATE TABLE s_asking_rows (id int);
                ALTER TABLE s_asking_rows ENABLE ROW LEVEL SECURITY;
                CREATE POLICY mine ON s_asking_rows USING (id IN (SELECT id FROM s_view));
                CREATE DOMAIN s_positive AS int CHECK (value > 0);
                CREATE DOMAIN s_leaking AS text CHECK (set_config('a.b', value, false) <> '');
                CREATE FUNCTION s_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                CREATE FUNCTION s_code(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
                CREATE TABLE w_plain (
                  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), at timestamptz DEFAULT now(), name varchar(9) NOT NULL CHECK (name <> ''),
                  lower_name text GENERATED ALWAYS AS (lower(name)) STORED, hits s_positive, tags text[], UNIQUE (name, at));
                CREATE INDEX ON w_plain (lower(name)) WHERE hits > 1;
                CREATE TABLE w_Trigger (id int PRIMARY KEY);
                CREATE TRIGGER t AFTER DELETE ON w_trigger EXECUTE FUNCTION s_trigger();
                ALTER TABLE w_trigger DISABLE TRIGGER t;
                CREATE TABLE w_rule (id int);
                CREATE RULE r AS ON DELETE TO w_rule DO ALSO SELECT s_function();
                CREATE TABLE w_check (id int CHECK (s_code(id) > 0));
                CREATE TABLE w_generated (id int, twice int GENERATED ALWAYS AS (s_code(id)) STORED);
                CREATE TABLE w_index (id int);
                CREATE INDEX ON w_index (s_code(id));
                CREATE TABLE w_predicate (id int);
                CREATE INDEX ON w_predicate (id) WHERE s_code(id) > 0;
                CREATE TABLE w_exclusion (id int, EXCLUDE USING btree (s_code(id) WITH =));
                CREATE TABLE w_policy (id int);
                ALTER TABLE w_policy ENABLE ROW LEVEL SECURITY;
                CREATE POLICY p ON w_policy FOR INSERT WITH CHECK (s_code(id) > 0);
                CREATE TYPE s_nested AS (a int, b s_leaking[]);
                CREATE DOMAIN s_nested_domain AS s_nested;
                CREATE TABLE w_domain (d s_leaking);
                CREATE TABLE w_nested (d s_nested_domain[]);
                CREATE TYPE s_range AS RANGE (subtype = s_leaking);
                CREATE TABLE w_range (r s_range);
                CREATE TABLE w_routed (id int) PARTITION BY RANGE (s_code(id));
                CREATE TABLE w_route PARTITION OF w_routed FOR VALUES FROM (0) TO (9);
                CREATE TABLE w_root (id int) PARTITION BY RANGE (id);
                CREATE TABLE w_branch PARTITION OF w_root FOR VALUES FROM (0) TO (9) PARTITION BY RANGE (id);
                CREATE TABLE w_twig PARTITION OF w_branch FOR VALUES FROM (0) TO (9);
                CREATE TRIGGER t AFTER DELETE ON w_twig EXECUTE FUNCTION s_trigger();
                CREATE TABLE w_cascade (id int PRIMARY KEY);
                CREATE TABLE w_null (id int PRIMARY KEY REFERENCES w_cascade ON DELETE CASCADE);
                CREATE TABLE w_update (id int PRIMARY KEY REFERENCES w_null ON DELETE SET NULL);
                ALTER TABLE w_trigger ADD FOREIGN KEY (id) REFERENCES w_update ON UPDATE CASCADE;
                CREATE TABLE w_default (id int PRIMARY KEY);
                CREATE TABLE w_to_default (id int DEFAULT 0 REFERENCES w_default ON DELETE SET DEFAULT);
                CREATE TABLE w_kept (id int PRIMARY KEY);
                ALTER TABLE w_trigger ADD FOREIGN KEY (id) REFERENCES w_kept;
                CREATE TABLE i_serial (id serial PRIMARY KEY, of_plain uuid REFERENCES w_plain ON DELETE CASCADE);
                CREATE TABLE i_identity (id int GENERATED BY DEFAULT AS IDENTITY);
                CREATE TABLE i_default (name text DEFAULT set_config('a.b', 'c', false));
                CREATE DOMAIN s_defaulting AS text DEFAULT set_config('a.b', 'c', false);
                CREATE TABLE i_domain (name s_defaulting);
                SET search_path = public""");
    }

    @AfterEach
    void close() {
        connection.close().block(LIMIT);
        server.awaitNoBackends(TestDatabase.applicationName(SuspectsIT.class));
    }

    @Test
    void learnsTheNamesBehindWhichOtherCodeRuns() {
        learn();

        assertThat(suspects.names())
                .contains(
                        "s_view",
                        "s_function",
                        "s procedure",
                        "s_aggregate",
                        "s_leaking_rows",
                        "s_calling_rows",
                        "s_asking_rows",
                        "s_leaking")
                .doesNotContain("s_plain", "s_stored", "s_tenant_rows", "s_positive", "id", "lower");
    }

    @Test
    void learnsTheTablesWhoseWritesRunOtherCode() {
        learn();

        assertThat(suspects.names())
                .contains("write pg_settings")
                .filteredOn(name -> name.startsWith("write w_"))
                .containsExactlyInAnyOrder(
                        "write w_trigger",
                        "write w_rule",
                        "write w_check",
                        "write w_generated",
                        "write w_index",
                        "write w_predicate",
                        "write w_exclusion",
                        "write w_policy",
                        "write w_domain",
                        "write w_nested",
                        "write w_range",
                        "write w_routed",
                        "write w_route",
                        "write w_root",
                        "write w_branch",
                        "write w_twig",
                        "write w_cascade",
                        "write w_null",
                        "write w_update",
                        "write w_default");
        assertThat(suspects.names()).noneMatch(name -> name.startsWith("w_"));
    }

    @Test
    void learnsTheTablesWhoseDefaultsDo() {
        learn();

        assertThat(suspects.names())
                .contains(
                        "insert i_serial", "insert i_identity", "insert i_default", "insert i_domain", "insert s_plain")
                .noneMatch(name -> name.startsWith("insert w_") || name.startsWith("write i_"));
    }

    @Test
    void anIndexSupportFunctionOfOnesOwnMakesEverythingSuspect() {
        server.execute("""
                CREATE FUNCTION suspects_it.compare(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($1, $2)';
                CREATE OPERATOR CLASS suspects_it.own FOR TYPE int USING btree AS
                  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 suspects_it.compare(int, int)""");
        learn();

        assertThat(suspects.names()).isNull();
    }

    @Test
    void anOperatorThatCallsOtherCodeMakesEverythingSuspect() {
        server.execute("""
                CREATE FUNCTION suspects_it.leak(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
                CREATE OPERATOR suspects_it.=== (FUNCTION = suspects_it.leak, LEFTARG = int, RIGHTARG = int)""");
        learn();

        assertThat(suspects.names()).isNull();
        assertThat(suspects.isDue()).isFalse();
    }

    @Test
    void aCastThatCallsOtherCodeDoesToo() {
        server.execute("""
                CREATE TYPE suspects_it.pair AS (a int, b int);
                CREATE FUNCTION suspects_it.first(suspects_it.pair) RETURNS int LANGUAGE sql AS 'SELECT $1.a';
                CREATE CAST (suspects_it.pair AS int) WITH FUNCTION suspects_it.first(suspects_it.pair)""");
        learn();

        assertThat(suspects.names()).isNull();
    }

    @Test
    void knowledgeIsAskedForAndGetsOld() {
        assertThat(suspects.isDue()).as("nobody asked yet").isFalse();
        learn();
        assertThat(suspects.isDue()).isFalse();

        pass(20);
        assertThat(suspects.isDue()).isTrue();
        assertThat(suspects.names()).as("still good").isNotNull();

        pass(10);
        assertThat(suspects.names()).as("too old").isNull();
        learn();
        assertThat(suspects.names()).isNotNull();
    }

    private void learn() {
        suspects.names();
        suspects.learn(connection).block(LIMIT);
    }

    private void pass(int seconds) {
        clock.addAndGet(Duration.ofSeconds(seconds).toNanos());
    }
}
