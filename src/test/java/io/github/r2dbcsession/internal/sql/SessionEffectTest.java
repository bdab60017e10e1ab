package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.config.ResetPolicy;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the text of a statement tells of what it leaves in the session. */
class SessionEffectTest {

    private static final Set<String> SUSPECTS = Set.of(
            "report", "full_name", "max", "set_updated_at", "write watched", "insert numbered", "write numbered_too");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT id, owner FROM account WHERE id = :id",
                "select count(*), sum(balance) from \"Account\" a join owner o using (id) where a.id in (:a, :b)",
                "SELECT pg_catalog.lower(name) FROM account ORDER BY 1 LIMIT (:n)",
                "SELECT balance FROM account WHERE id = :id FOR UPDATE",
                "SELECT balance FROM account WHERE id = :id FOR NO KEY UPDATE SKIP LOCKED",
                "WITH picked AS MATERIALIZED (SELECT 1) SELECT * FROM picked",
                "SELECT row_number() OVER (PARTITION BY a ORDER BY b), coalesce(a, cast(b AS numeric(10, 2))) FROM t",
                "SELECT 'set_config(1)', $$report$$ /* nextval('x') */ -- lo_open(1)",
                "SELECT pg_advisory_xact_lock(:key)",
                "VALUES (1), (2)",
                "TABLE account",
                "(SELECT 1) UNION (SELECT 2)",
                "SELECT 1; SELECT 2;",
                "SHOW timezone",
                "SELECT exists(SELECT FROM account), array(SELECT 1), x::varchar(10) FROM t WHERE x = any(:ids)",
                "INSERT INTO account VALUES (1)",
                "INSERT INTO account (id, owner) SELECT a, lower(b) FROM other ON CONFLICT (id) DO UPDATE SET (a, b) = (1, 2)",
                "INSERT INTO bank . \"Account\"(id) VALUES (gen_random_uuid()) RETURNING id",
                "UPDATE account SET balance = balance - :amount WHERE id = :id",
                "UPDATE numbered SET balance = (SELECT max_balance FROM numbered WHERE id IN (1, 2))",
                "DELETE FROM numbered USING account a WHERE a.id = numbered.id",
                "MERGE INTO account a USING (VALUES (1)) v ON true WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (id) VALUES (1)",
                "WITH gone AS (DELETE FROM account RETURNING id) SELECT * FROM gone",
                "SELECT * FROM watched FOR UPDATE",
                "SELECT * FROM numbered WHERE id = (SELECT 1 AS default)",
                "SELECT 1; INSERT INTO account VALUES (1)",
                ""
            })
    void knownStatementsNeedNoReset(String sql) {
        assertThat(mayChange(sql, ResetPolicy.DEFAULT)).isFalse();
        assertThat(mayChange(sql, ResetPolicy.TRUSTING)).isFalse();
        assertThat(mayChange(sql, ResetPolicy.ALWAYS)).isTrue();
        assertThat(ParsedSql.parse(sql).mayChangeSession(ResetPolicy.DEFAULT, null))
                .as("while nothing is known of the database")
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT set_config('app.tenant', :t, false)",
                "SELECT pg_advisory_lock(1)",
                "SELECT pg_catalog . nextval ('s')",
                "SELECT \"set_config\"('a.b', 'c', false)",
                "SELECT shop.count(*) FROM account",
                "SELECT unheard_of(1)",
                "SELECT unheard_of/* */ (1)",
                "SELECT * FROM report",
                "SELECT * FROM \"Report\"",
                "SELECT a.full_name FROM account a",
                "SELECT (a).full_name FROM account a",
                "SELECT max(id) FROM account",
                "SELECT U&\"r\\0065port\".id FROM U&\"r\\0065port\"",
                "SELECT * FROM \"re\"\"port\"",
                "SELECT * FROM a_name_of_more_than_sixty_three_bytes_which_the_server_cuts_off_at_that_place",
                "INSERT INTO watched VALUES (1)",
                "UPDATE \"Watched\" SET balance = 0",
                "DELETE FROM ONLY a.watched",
                "MERGE INTO account USING watched ON true WHEN MATCHED THEN DELETE",
                "WITH gone AS (DELETE FROM watched RETURNING id) SELECT * FROM gone",
                "SELECT 1; DELETE FROM watched",
                "UPDATE account SET id = (SELECT id FROM report)",
                "UPDATE account SET id = 1 RETURNING set_config('a.b', 'c', false)",
                "INSERT INTO account SELECT nextval('s')",
                "INSERT INTO account(id) SELECT nextval('s')",
                "INSERT INTO nextval SELECT nextval('s')",
                "INSERT INTO a.account AS nextval(id) VALUES (1)",
                "INSERT INTO numbered VALUES (1)",
                "UPDATE numbered SET id = DEFAULT",
                "UPDATE account SET id = 1; INSERT INTO numbered DEFAULT VALUES",
                "MERGE INTO numbered USING account ON true WHEN NOT MATCHED THEN INSERT VALUES (1)",
                "WITH a AS (SELECT 1) INSERT INTO account SELECT * FROM a"
            })
    void plainStatementsOfUnknownEffectAreResetUnlessTrusted(String sql) {
        assertThat(mayChange(sql, ResetPolicy.DEFAULT)).isTrue();
        assertThat(mayChange(sql, ResetPolicy.TRUSTING)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SET TimeZone = 'UTC'",
                "set local work_mem = 64",
                "RESET ALL",
                "CREATE TEMP TABLE t (a int)",
                "SELECT 1 AS a INTO TEMP picked",
                "WITH a AS (SELECT 1) SELECT * INTO picked FROM a",
                "SELECT id \"insert\" INTO TEMP picked FROM account",
                "SELECT (1) insert INTO TEMP picked",
                "WITH a AS (SELECT 1) SELECT 1 \"merge\" INTO TEMP picked",
                "LISTEN news",
                "PREPARE p AS SELECT 1",
                "EXECUTE p",
                "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
                "DO $$ BEGIN END $$",
                "CALL refresh()",
                "LOAD 'plpgsql'",
                "EXPLAIN ANALYZE SELECT set_config('a.b', 'c', false)",
                "SELECT 1; SET TimeZone = 'UTC'",
                "; /* */ ( SET x"
            })
    void anythingElseIsAlwaysReset(String sql) {
        for (ResetPolicy policy : ResetPolicy.values()) {
            assertThat(mayChange(sql, policy)).as("%s", policy).isTrue();
        }
        assertThat(ParsedSql.parse(sql).forgetsStatements()).isFalse();
    }

    @Test
    void whatTheDriverHasPreparedIsKnownToBeLost() {
        assertThat(ParsedSql.parse("DEALLOCATE ALL").forgetsStatements()).isTrue();
        assertThat(ParsedSql.parse("deallocate prepare all").forgetsStatements())
                .isTrue();
        assertThat(ParsedSql.parse("SELECT 1; DISCARD ALL").forgetsStatements()).isTrue();
        assertThat(ParsedSql.parse("DEALLOCATE mine").forgetsStatements()).isFalse();
        assertThat(mayChange("DISCARD ALL", ResetPolicy.TRUSTING)).isTrue();
    }

    private static boolean mayChange(String sql, ResetPolicy policy) {
        return ParsedSql.parse(sql).mayChangeSession(policy, SUSPECTS);
    }
}
