package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.github.r2dbcsession.sql.Json;
import io.github.r2dbcsession.sql.JsonCodec;
import io.github.r2dbcsession.sql.RowMappingException;
import io.github.r2dbcsession.sql.StatementException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Type;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(ServerParameter.class)
class JsonTest {

    record Item(String name, int count) {}

    @SuppressWarnings("ArrayRecordComponent")
    record Order(
            int id,
            List<Item> items,
            Map<String, Object> extra,
            Optional<Item> best,
            @Nullable Item gift,
            int[] sizes) {}

    record Trap(String name) {
        Trap {
            if (name.startsWith("SECRET")) {
                throw new IllegalArgumentException(name);
            }
        }
    }

    private static BareConnection server;

    @TempDir
    private Path folder;

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
        assertThat(server.row(
                        sql, row -> row.get("cell", JsonNode.class).get("count").asInt()))
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
                        Bindings.none()
                                .with(
                                        "v",
                                        Json.of(JsonNodeFactory.instance
                                                .objectNode()
                                                .put("a", 1))),
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
                .hasMessage("parameter :v: no JSON can be written of java.lang.Object (InvalidDefinitionException)");
        assertThat(Json.of("SECRET"))
                .hasToString("Json")
                .isEqualTo(Json.of("SECRET"))
                .hasSameHashCodeAs(Json.of("SECRET"));
    }

    @Test
    void withoutJacksonOnlyTextIsJson() throws Exception {
        Library library = new Library(null);

        assertThat(library.bind("ofText", String.class, "[1]")).isEqualTo("bound");
        assertThat(library.bind("of", Object.class, List.of(1)))
                .isEqualTo(
                        "parameter :v: nothing is there to write JSON: add com.fasterxml.jackson.core:jackson-databind,"
                                + " or a JsonCodec of your own, or use JSON text");
    }

    @Test
    void aCodecOfTheApplicationsOwnGoesFirst() throws Exception {
        Path service = Files.writeString(folder.resolve("service"), OwnCodec.class.getName());

        assertThat(new Library(service.toUri().toURL()).bind("of", Object.class, List.of(1)))
                .isEqualTo(
                        "parameter :v: no JSON can be written of java.util.ImmutableCollections$List12 (IOException)");
    }

    public static final class OwnCodec implements JsonCodec {

        @Override
        public String write(@Nullable Object value) throws IOException {
            throw new IOException("SECRET");
        }

        @Override
        public @Nullable Object read(String json, Type type) {
            return null;
        }
    }

    /** The library as it is where there is no Jackson. */
    private static final class Library extends ClassLoader {

        private final @Nullable URL service;

        Library(@Nullable URL service) {
            super(JsonTest.class.getClassLoader());
            this.service = service;
        }

        /** Binds what the factory makes, and returns the message of the error. */
        @Nullable
        String bind(String factory, Class<?> parameter, Object value) throws ReflectiveOperationException {
            Object json = loadClass(Json.class.getName())
                    .getMethod(factory, parameter)
                    .invoke(null, value);
            Class<?> bindings = loadClass(Bindings.class.getName());
            Object none = bindings.getMethod("none").invoke(null);
            try {
                bindings.getMethod("with", String.class, Object.class).invoke(none, "v", json);
                return "bound";
            } catch (InvocationTargetException e) {
                return e.getCause().getMessage();
            }
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("com.fasterxml.")) {
                throw new ClassNotFoundException(name);
            } else if (!name.startsWith("io.github.r2dbcsession.")) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? define(name) : loaded;
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                byte[] bytes = Objects.requireNonNull(in, name).readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }

        @Override
        public Enumeration<URL> getResources(String name) throws IOException {
            if (service != null && name.equals("META-INF/services/" + JsonCodec.class.getName())) {
                return Collections.enumeration(List.of(service));
            }
            return super.getResources(name);
        }
    }
}
