package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.r2dbcsession.sql.StatementException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ParsedSqlTest {

    static List<Arguments> texts() {
        return List.of(
                // parameters
                text("SELECT :id", "SELECT $1", "id"),
                text("SELECT :a, :b, :a", "SELECT $1, $2, $1", "a", "b"),
                text(":a:b", "$1 $2", "a", "b"),
                text("id=:id", "id=$1", "id"),
                text("id>:_x1)", "id>$1)", "_x1"),
                text("SELECT :größe", "SELECT $1", "größe"),
                text("x:y", "x $1", "y"),
                text("SELECT $1, $2, $1", "SELECT $1, $2, $1", "1", "2"),
                text("SELECT $2, $1", "SELECT $2, $1", "1", "2"),
                text("SELECT a$1, $1", "SELECT a$1, $1", "1"),
                // casts, assignment, labels
                text("SELECT :a::int", "SELECT $1::int", "a"),
                text("SELECT a::int::text", "SELECT a::int::text"),
                text("SELECT :a ::int", "SELECT $1 ::int", "a"),
                text("f(a := :a, b => :b)", "f(a := $1, b => $2)", "a", "b"),
                text("f(a:=:a)", "f(a:=$1)", "a"),
                text("SELECT 1 : 2", "SELECT 1 : 2"),
                text("SELECT 1:2", "SELECT 1:2"),
                text("SELECT :", "SELECT :"),
                // slices
                text("a[1:2]", "a[1:2]"),
                text("a[lo:hi]", "a[lo:hi]"),
                text("a[f(x):hi]", "a[f(x):hi]"),
                text("a[1 :hi]", "a[1 :hi]"),
                text("a[:i]", "a[$1]", "i"),
                text("a[:lo: :hi]", "a[$1: $2]", "lo", "hi"),
                text("a[1:2][:i]", "a[1:2][$1]", "i"),
                text("ARRAY[:a, :b]", "ARRAY[$1, $2]", "a", "b"),
                text("ARRAY[CASE WHEN :a THEN :b END]", "ARRAY[CASE WHEN $1 THEN $2 END]", "a", "b"),
                text("a[\"lo\":hi]", "a[\"lo\":hi]"),
                text("a[:i]:b", "a[$1] $2", "i", "b"),
                // operators
                text("data ? :k", "data ? $1", "k"),
                text("data ?| :k", "data ?| $1", "k"),
                text("data ?& :k", "data ?& $1", "k"),
                text("data ?& array['a']", "data ?& array['a']"),
                text("a @> :b AND c->>'x' = :d", "a @> $1 AND c->>'x' = $2", "b", "d"),
                text("a - -:b", "a - -$1", "b"),
                text("a / :b * :c", "a / $1 * $2", "b", "c"),
                // literals
                text("':a' || :b", "':a' || $1", "b"),
                text("'it''s :a' || :b", "'it''s :a' || $1", "b"),
                text("'a\\' || :b", "'a\\' || $1", "b"),
                text("'' || :b", "'' || $1", "b"),
                text("E'it\\'s :a' || :b", "E'it''s :a' || $1", "b"),
                text("e'\\\\' || :b", "e'\\\\' || $1", "b"),
                text("E'\\\\\\'' || :b", "E'\\\\''' || $1", "b"),
                text("E'a''b\\n' || :b", "E'a''b\\n' || $1", "b"),
                text("E'a'\n 'b\\':c' || :b", "E'a'\n 'b'':c' || $1", "b"),
                text("E'a' -- :x\n 'b\\':c' || :b", "E'a' -- :x\n 'b'':c' || $1", "b"),
                text("E'a' 'b\\' || :b", "E'a' 'b\\' || $1", "b"),
                text("typeE'a\\' || :b", "typeE'a\\' || $1", "b"),
                text("U&'d\\0061t :a' || :b", "U&'d\\0061t :a' || $1", "b"),
                text("U&\"d\\0061t :a\" || :b", "U&\"d\\0061t :a\" || $1", "b"),
                text("B'01' || X'1F' || :b", "B'01' || X'1F' || $1", "b"),
                text("\":a\" || :b", "\":a\" || $1", "b"),
                text("\"x\"\":a\" || :b", "\"x\"\":a\" || $1", "b"),
                text("$$:a '$$ || :b", "$$:a '$$ || $1", "b"),
                text("$t$:a $$ $u$ $t$ || :b", "$t$:a $$ $u$ $t$ || $1", "b"),
                text("$_t1$;$_t1$ || :b", "$_t1$;$_t1$ || $1", "b"),
                text("$$a$$", "$$a$$"),
                // comments
                text("1 -- :a\n + :b", "1 -- :a\n + $1", "b"),
                text("1 -- :a\r + :b", "1 -- :a\n + $1", "b"),
                text("1 -- :a ' $$\r\n + :b", "1 -- :a ' $$\n\n + $1", "b"),
                text("1 /* :a /* ' */ :c */ + :b", "1 /* :a /* ' */ :c */ + $1", "b"),
                text("1 /**/ + :b", "1 /**/ + $1", "b"),
                text("1 --:a", "1 --:a"),
                text("/*+ hint */ SELECT :b", "/*+ hint */ SELECT $1", "b"),
                // semicolons
                text("SELECT 1; SELECT 2;", "SELECT 1; SELECT 2;"),
                text("SELECT :a; -- done", "SELECT $1  -- done", "a"),
                text(";; SELECT :a ;;", "   SELECT $1   ", "a"),
                text("", ""),
                text(" \t\n", " \t\n"));
    }

    @ParameterizedTest
    @MethodSource
    void texts(String sql, String text, List<String> names) {
        ParsedSql parsed = ParsedSql.parse(sql);

        assertThat(parsed.text()).isEqualTo(text);
        assertThat(parsed.names()).isEqualTo(names);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT :a, $1",
                "SELECT $1, :a",
                "SELECT $1, $3",
                "SELECT $2",
                "SELECT :a$b",
                "SELECT $0",
                "SELECT $99999999999",
                "SELECT $1a",
                "SELECT :a; SELECT 1",
                "SELECT 1; SELECT $1",
                "SELECT 1;;/**/SELECT :a",
                "SELECT 'a",
                "SELECT E'a\\'",
                "SELECT E'a\\",
                "SELECT \"a",
                "SELECT $$a",
                "SELECT $t$a$$",
                "SELECT /* /* */",
                "SELECT /*/",
                "SELECT $",
                "SELECT $a",
                "SELECT $ä$x$ä$",
                "COPY t FROM STDIN",
                "copy t (a, b) from stdin (format csv)",
                "COPY (SELECT 1) TO STDOUT",
                "SELECT 1; COPY t TO /* c */ stdout"
            })
    void refusesBeforeAnythingIsSent(String sql) {
        assertThatThrownBy(() -> ParsedSql.parse(sql)).isInstanceOf(StatementException.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "COPY t TO '/tmp/stdout'",
                "COPY (SELECT a FROM stdin) TO PROGRAM 'x'",
                "SELECT stdout FROM stdin"
            })
    void letsOtherCopiesPass(String sql) {
        assertThat(ParsedSql.parse(sql).text()).isEqualTo(sql);
    }

    @Test
    void namesThePlaceOfTheFault() {
        assertThatThrownBy(() -> ParsedSql.parse("SELECT 'secret"))
                .hasMessage("a string is not closed, at character 8 of the statement");
        assertThatThrownBy(() -> ParsedSql.parse("SELECT $1, $4, $2"))
                .hasMessage("the statement uses $4 but not $3: number its parameters without a gap");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "BEGIN",
                "begin isolation level serializable",
                "START TRANSACTION",
                "start /* c */ transaction read only",
                "COMMIT",
                "-- c\nCOMMIT AND CHAIN",
                "END",
                "ROLLBACK",
                "ROLLBACK TO s",
                "ABORT",
                "SAVEPOINT s",
                "RELEASE s",
                "PREPARE TRANSACTION 'x'",
                " ; COMMIT",
                "SELECT 1; COMMIT",
                "(SELECT 1); END;",
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; COMMIT",
                "CREATE FUNCTION begin() RETURNS int AS ''; COMMIT"
            })
    void knowsTransactionControl(String sql) {
        assertThat(ParsedSql.parse(sql).transactionControl()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "SELECT 1",
                "SELECT commit FROM t",
                "START",
                "PREPARE p AS SELECT 1",
                "SELECT ';COMMIT'",
                "-- COMMIT",
                "SET TRANSACTION READ ONLY",
                "\"commit\"",
                "('begin')",
                "DO $$BEGIN; COMMIT; END$$",
                "EXPLAIN SELECT 1 AS begin",
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 1 END; END",
                "CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC DELETE FROM t; END; SELECT 1",
                "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; DELETE FROM v)"
            })
    void takesNothingElseForTransactionControl(String sql) {
        assertThat(ParsedSql.parse(sql).transactionControl()).isFalse();
    }

    @Test
    void rememberedTextsAreParsedOnce() {
        String sql = "SELECT :only_here";

        assertThat(ParsedSql.parse(sql)).isSameAs(ParsedSql.parse("SELECT " + ":only_here"));
        String text = "SELECT 1" + " ".repeat(40_000);
        assertThat(ParsedSql.parse(text)).isNotSameAs(ParsedSql.parse(text));
    }

    @Test
    void printsItsText() {
        assertThat(ParsedSql.parse("SELECT :a")).hasToString("SELECT $1");
    }

    private static Arguments text(String sql, String text, String... names) {
        return Arguments.of(sql, text, List.of(names));
    }
}
