package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.github.r2dbcsession.sql.Json;
import io.github.r2dbcsession.sql.RowMappingException;
import io.github.r2dbcsession.sql.StatementException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(ServerParameter.class)
class JsonTest {

    record Item(String name, int count) {}

    record Order(
            int id, List<Item> items, Map<String, Object> extra, Optional<Item> best, @Nullable Item gift, int[] sizes) {}

    record Trap(String name) {
        Trap {
            if (name.startsWith("SECRET")) {
                throw new IllegalArgumentException(name);
            }
        }
    }

    private static BareConnection server;

    @BeforeAll
    static void table(BareConnection given) {
        server = given;
        server.run(
                "DROP TABLE IF EXISTS json_order",
                "CREATE TABLE json_order (id int, items jsonb, extra json, best jsonb, gift jsonb, sizes jsonb)");
    }

    @Test
    void jsonGoesThereAndBackWithoutACast() {
        server.run("DELETE FROM json_order");
        Order order = new Order(
                1,
                List.of(new Item("it's \"é😀\\", 1)),
                Map.of("a", List.of(1, true), "b", Map.of()),
                Optional.of(new Item("x", 2)),
                null,
                new int[] {1, 2});
        server.query(
                "INSERT INTO json_order VALUES (:id, :items, :extra, :best, :gift, :sizes)",
                Bindings.none()
                        .with("id", 1)
                        .with("items", Json.of(order.items()))
                        .with("extra", Json.of(order.extra()))
                        .with("best", Json.of(order.best().orElseThrow()))
                        .with("gift", null)
                        .with("sizes", Json.of(order.sizes())),
                RowMapper.of(Integer.class));

        Order back = server.one(
                "SELECT * FROM json_order WHERE best @> :like AND items -> 0 ->> 'count' = '1'",
                Bindings.none().with("like", Json.of(Map.of("count", 2))),
                Order.class);

        assertThat(back).usingRecursiveComparison().isEqualTo(order);
    }

    @Test
    void aCellIsReadAsAClassATreeOrText() {
        String sql = "SELECT '{\"name\": \"x\", \"count\": 1}'::jsonb AS cell";
        assertThat(server.row(sql, row -> row.get("cell", Item.class))).isEqualTo(new Item("x", 1));
        assertThat(server.row(sql, row -> row.get("cell", Map.class))).isEqualTo(Map.of("name", "x", "count", 1));
        assertThat(server.row(sql, row -> row.get("cell", JsonNode.class).get("count").asInt()))
                .isEqualTo(1);
        assertThat(server.row(sql, row -> row.get("cell", Json.class)))
                .isEqualTo(Json.ofText("{\"name\": \"x\", \"count\": 1}"));
        assertThat(server.row("SELECT '[1,2]'::json AS cell", row -> row.get("cell", List.class)))
                .isEqualTo(List.of(1, 2));
        assertThat(server.row("SELECT 'null'::jsonb AS cell", row -> row.find("cell", Item.class)))
                .isEqualTo(Optional.empty());
        assertThat(server.row("SELECT NULL::jsonb AS cell", row -> row.find("cell", Item.class)))
                .isEqualTo(Optional.empty());
    }

    @Test
    void arraysOfJsonAreSentAndATreeToo() {
        assertThat(server.one(
                        "SELECT (:v::jsonb[])[2] ->> 'a'",
                        Bindings.none().with("v", List.of(Json.ofText("1"), Json.of(Map.of("a", "b")))),
                        String.class))
                .isEqualTo("b");
        assertThat(server.one(
                        "SELECT :v::jsonb ->> 'a'",
                        Bindings.none().with("v", Json.of(JsonNodeFactory.instance.objectNode().put("a", 1))),
                        String.class))
                .isEqualTo("1");
        assertThat(server.one("SELECT :v::jsonb::text", Bindings.none().with("v", Json.of(null)), String.class))
                .isEqualTo("null");
    }

    @Test
    void noErrorShowsTheValue() {
        assertThatThrownBy(() -> server.row(
                        "SELECT '{\"name\": \"SECRET\"}'::jsonb AS cell", row -> row.get("cell", Trap.class)))
                .isInstanceOf(RowMappingException.class)
                .hasMessageContaining("its JSON does not fit that type")
                .hasMessageNotContaining("SECRET")
                .hasNoCause();
        assertThatThrownBy(() -> Bindings.none().with("v", Json.of(new Object())))
                .isInstanceOf(StatementException.class)
                .hasMessage("parameter v: no JSON can be written of java.lang.Object (InvalidDefinitionException)");
        assertThat(Json.of("SECRET")).hasToString("Json").isEqualTo(Json.of("SECRET")).hasSameHashCodeAs(Json.of("SECRET"));
    }
}
