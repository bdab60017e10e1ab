package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.postgresql.codec.Vector;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

/** The vectors of pgvector, on a server that has it: give one by {@code TEST_DATABASE_URL}. No server of the build has, so the build is without. */
@DatabaseTest
class VectorIT {

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final TestDatabase server = TestDatabase.get();
    private final Database db = Database.of(server.url(VectorIT.class));

    @SuppressWarnings("ArrayRecordComponent")
    record Item(int id, float @Nullable [] embedding) {}

    record NewItem(int id, Vector embedding) {}

    @BeforeEach
    void table() {
        assumeTrue(
                server.query("SELECT name FROM pg_available_extensions WHERE name = 'vector'", row -> row.getString(1))
                        .contains("vector"),
                "the server has no pgvector");
        server.freshSchema(VectorIT.class);
        server.execute(
                "DROP EXTENSION IF EXISTS vector; CREATE EXTENSION vector SCHEMA %1$s; CREATE TABLE %1$s.item (id int PRIMARY KEY, embedding %1$s.vector(3))"
                        .formatted(TestDatabase.schema(VectorIT.class)));
    }

    @AfterEach
    void close() {
        db.close().block(LIMIT);
    }

    @Test
    void vectorsGoThereAndBack() {
        Query insert = db.sql("INSERT INTO item VALUES (:id, :embedding)");
        insert.bind("id", 1).bind("embedding", Vector.of(1, 2, 3)).rowsUpdated().block(LIMIT);
        insert.bind("id", 2)
                .bind("embedding", new float[] {1, 2, -4.5f})
                .rowsUpdated()
                .block(LIMIT);
        insert.bind("id", 3).bindNull("embedding", Vector.class).rowsUpdated().block(LIMIT);

        assertThat(db.sql("SELECT embedding FROM item WHERE id = 2")
                        .as(float[].class)
                        .one()
                        .block(LIMIT))
                .containsExactly(1, 2, -4.5f);
        assertThat(db.sql("SELECT embedding FROM item WHERE id = 1")
                        .as(String.class)
                        .one()
                        .block(LIMIT))
                .isEqualTo("[1,2,3]");
        assertThat(db.sql("SELECT id, embedding FROM item WHERE id < 3 ORDER BY embedding <-> :to::vector")
                        .bind("to", new float[] {1, 2, -4})
                        .as(Item.class)
                        .all()
                        .map(Item::id)
                        .collectList()
                        .block(LIMIT))
                .containsExactly(2, 1);
        assertThat(db.sql("SELECT id FROM item WHERE embedding = :same")
                        .bind("same", Vector.of(1, 2, 3))
                        .as(Integer.class)
                        .one()
                        .block(LIMIT))
                .isEqualTo(1);
    }

    @Test
    void vectorsAreWrittenInBulk() {
        List<NewItem> items = List.of(new NewItem(1, Vector.of(1, 2, 3)), new NewItem(2, Vector.of(0, 0, 0)));

        assertThat(db.bulk("item", NewItem.class)
                        .upsert(Flux.fromIterable(items), "id")
                        .block(LIMIT))
                .isEqualTo(2);
        assertThat(db.bulk("item", Item.class)
                        .upsert(Flux.just(new Item(2, new float[] {0, 0, 1}), new Item(3, null)), "id")
                        .block(LIMIT))
                .isEqualTo(2);

        assertThat(db.sql("SELECT id FROM item WHERE embedding IS NOT NULL ORDER BY embedding <-> '[1,1,1]'")
                        .as(Integer.class)
                        .all()
                        .collectList()
                        .block(LIMIT))
                .containsExactly(2, 1);
    }
}
