package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.r2dbcsession.sql.StatementException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScriptPartTest {

    @Test
    void semicolonsPartStatements() {
        assertThat(texts("SELECT 1; SELECT 2 ;\n;; SELECT 3")).containsExactly("SELECT 1", "SELECT 2 ", "SELECT 3");
        assertThat(texts("")).isEmpty();
        assertThat(texts(" -- nothing\n; /* ; */ ;")).isEmpty();
    }

    @Test
    void whatIsQuotedPartsNothing() {
        List<String> statements = List.of(
                "SELECT 'a;''b', \"c;d\", $$e;f$$, $x$g;$$;h$x$, E'i\\';j'",
                "SELECT 1 -- a; b\n+ 2 /* c; /* d; */ e; */",
                "CREATE FUNCTION f() RETURNS int LANGUAGE SQL BEGIN ATOMIC SELECT 1; SELECT CASE WHEN true THEN 2 END; END",
                "CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b)");

        assertThat(texts(String.join(";", statements))).isEqualTo(statements);
    }

    @Test
    void linesAndColumnsAreThoseOfTheScript() {
        List<ScriptPart> parts = ScriptPart.split("-- first\n  SELECT 1;  SELECT\n  x;");

        assertThat(parts.get(0)).isEqualTo(new ScriptPart("SELECT 1", 2, 3));
        assertThat(parts.get(1)).isEqualTo(new ScriptPart("SELECT\n  x", 2, 14));
        assertThat(parts.get(1).lineOf(9)).isEqualTo(3);
        assertThat(parts.get(1).columnOf(9)).isEqualTo(3);
        assertThat(parts.get(1).columnOf(2)).isEqualTo(16);
    }

    @Test
    void whatDoesNotEndIsRefused() {
        assertThatThrownBy(() -> ScriptPart.split("SELECT 1; SELECT $$ ;"))
                .isInstanceOf(StatementException.class)
                .hasMessageContaining("is not closed, at character 18");
    }

    private static List<String> texts(String script) {
        return ScriptPart.split(script).stream().map(ScriptPart::text).toList();
    }
}
