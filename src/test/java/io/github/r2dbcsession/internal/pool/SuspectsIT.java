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
