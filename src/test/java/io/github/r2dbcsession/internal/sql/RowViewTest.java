package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.r2dbcsession.sql.RowMappingException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(ServerParameter.class)
class RowViewTest {

    private static BareConnection server;

    @BeforeAll
    static void server(BareConnection given) {
        server = given;
    }

    @Test
    void readsByNameAndByIndex() {
        assertThat(server.row(
                        "SELECT 7 AS id, 'Ann' AS owner", row -> row.get("id", Long.class) + row.get(1, String.class)))
                .isEqualTo("7Ann");
    }

    @Test
    void findGivesEmptyForNull() {
        assertThat(server.row("SELECT NULL::int AS id", row -> row.find("id", Integer.class)))
                .isEqualTo(Optional.empty());
        assertThat(server.row("SELECT NULL::int AS id", row -> row.find(0, Integer.class)))
                .isEqualTo(Optional.empty());
        assertThat(server.row("SELECT 1 AS id", row -> row.find(0, Integer.class)))
                .isEqualTo(Optional.of(1));
    }

    @Test
    void getRefusesNull() {
        assertThatThrownBy(() -> server.row("SELECT NULL::int AS id", row -> row.get("id", Integer.class)))
                .isInstanceOf(RowMappingException.class)
                .hasMessage(
                        "column id cannot be read as java.lang.Integer: it is null; use find, which gives an Optional");
    }

    @Test
    void nameIsFoundAsSpelledFirstThenInAnyCase() {
        assertThat(server.row("SELECT 1 AS \"ID\", 2 AS id", row -> row.get("id", Integer.class)))
                .isEqualTo(2);
        assertThat(server.row("SELECT 1 AS \"ID\", 2 AS other", row -> row.get("id", Integer.class)))
                .isEqualTo(1);
    }

    @Test
    void sameNameTwiceIsRefused() {
        assertThatThrownBy(() -> server.row("SELECT 1 AS id, 2 AS id", row -> row.get("id", Integer.class)))
                .hasMessageContaining("the result has 2 columns of that name; give them aliases");
        assertThatThrownBy(() -> server.row("SELECT 1 AS id, 2 AS id", io.github.r2dbcsession.sql.Row::toMap))
                .hasMessageContaining("the result has it twice");
    }

    @Test
    void unknownNamesAndPlacesAreRefused() {
        assertThatThrownBy(() -> server.row("SELECT 1 AS id, 2 AS owner", row -> row.get("ownr", Integer.class)))
                .hasMessage("column ownr cannot be read as java.lang.Integer:"
                        + " there is no such column among [id, owner]; the nearest is owner");
        assertThatThrownBy(() -> server.row("SELECT 1 AS id", row -> row.get(1, Integer.class)))
                .hasMessageContaining("the result has 1 columns, numbered from 0");
        assertThatThrownBy(() -> server.row("SELECT 1 AS id", row -> row.get(-1, Integer.class)))
                .isInstanceOf(RowMappingException.class);
    }

    @Test
    void mapKeepsTheOrderAndNulls() {
        Map<?, ?> map =
                server.one("SELECT 2 AS b, NULL::int AS a, '{}'::jsonb AS c, '10.0.0.0/8'::inet AS net", Map.class);

        assertThat(map).hasToString("{b=2, a=null, c={}, net=10.0.0.0/8}");
    }

    @Test
    void printsNamesButNoCells() {
        assertThat(server.row("SELECT 'SECRET' AS a, 1 AS b", row -> row.columnNames() + " " + row))
                .isEqualTo("[a, b] Row[a, b]");
    }

    @Test
    @SuppressWarnings("NullAway")
    void functionMustNotReturnNull() {
        assertThatThrownBy(() -> server.row("SELECT 1", row -> null))
                .isInstanceOf(NullPointerException.class)
                .hasMessageContaining("return an Optional");
    }
}
