package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.r2dbcsession.sql.RowMappingException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(ServerParameter.class)
class RecordMapperTest {

    public record Account(long id, String ownerName, BigDecimal balance) {}

    record Sparse(@Nullable Integer a, Optional<Integer> b) {}

    record Owner(String name, int age) {}

    record Car(int id, Owner owner) {}

    record MaybeOwned(int id, Optional<Owner> owner) {}

    record Lists(List<Long> ids, Optional<List<String>> tags) {}

    record Node(int id, Node next) {}

    record Generic<T>(T value) {}

    record Strict(int id) {
        Strict {
            if (id < 0) {
                throw new IllegalArgumentException("id must not be negative");
            }
        }
    }

    private static BareConnection server;

    @BeforeAll
    static void server(BareConnection given) {
        server = given;
    }

    @Test
    void fillsComponentsFromSnakeCaseColumnsInAnyOrder() {
        assertThat(server.one("SELECT 1.50 AS balance, 'Ann' AS owner_name, 7::int4 AS id", Account.class))
                .isEqualTo(new Account(7, "Ann", new BigDecimal("1.50")));
    }

    @Test
    void findsColumnsThatDifferInCaseAndUnderscores() {
        Account expected = new Account(7, "Ann", BigDecimal.ONE);

        assertThat(server.one("SELECT 7 AS ID, 'Ann' AS ownerName, 1 AS balance", Account.class))
                .isEqualTo(expected);
        assertThat(server.one("SELECT 7 AS id, 'Ann' AS \"ownerName\", 1 AS \"BALANCE\"", Account.class))
                .isEqualTo(expected);
    }

    @Test
    void prefersTheColumnSpelledRight() {
        assertThat(server.one("SELECT 7 AS id, 'Ann' AS owner_name, 'Bob' AS ownername, 1 AS balance", Account.class)
                        .ownerName())
                .isEqualTo("Ann");
    }

    @Test
    void refusesColumnsThatMatchEquallyWell() {
        assertThatThrownBy(
                        () -> server.one("SELECT 7 AS id, 8 AS id, 'Ann' AS owner_name, 1 AS balance", Account.class))
                .isInstanceOf(RowMappingException.class)
                .hasMessageContaining("several columns match it: id, id; give them aliases");
    }

    @Test
    void namesMissingAndUnusedColumns() {
        assertThatThrownBy(() -> server.one("SELECT 7 AS id, 'Ann' AS ownr_name, 1 AS x", Account.class))
                .isInstanceOfSatisfying(RowMappingException.class, e -> {
                    assertThat(e.column()).isEqualTo("owner_name, balance");
                    assertThat(e.target()).isEqualTo(Account.class.getTypeName());
                    assertThat(e.reason()).isEqualTo("the result lacks it; it has, unused: ownr_name, x");
                });
    }

    @Test
    void leavesSurplusColumnsAlone() {
        assertThat(server.one("SELECT 1 AS id, 'x' AS surplus", Strict.class)).isEqualTo(new Strict(1));
    }

    @Test
    void primitivesRefuseNullAndNameTheColumn() {
        assertThatThrownBy(() -> server.one("SELECT NULL::int AS id", Strict.class))
                .hasMessage("column id cannot be read as Strict.id (int):"
                        + " it is null; a primitive cannot be; declare the component boxed or Optional");
    }

    @Test
    void doesNotTruncateInsideARecord() {
        assertThatThrownBy(() -> server.one("SELECT 5000000000 AS id", Strict.class))
                .hasMessageContaining("its value does not fit without loss");
    }

    @Test
    void nullsAndOptionals() {
        assertThat(server.one("SELECT NULL::int AS a, NULL::int AS b", Sparse.class))
                .isEqualTo(new Sparse(null, Optional.empty()));
        assertThat(server.one("SELECT 1 AS a, 2 AS b", Sparse.class)).isEqualTo(new Sparse(1, Optional.of(2)));
    }

    @Test
    void recordsInsideRecordsByPrefix() {
        assertThat(server.one("SELECT 1 AS id, 'Ann' AS owner_name, 40 AS owner_age", Car.class))
                .isEqualTo(new Car(1, new Owner("Ann", 40)));
        assertThatThrownBy(() -> server.one("SELECT 1 AS id, 'Ann' AS owner_name", Car.class))
                .hasMessageStartingWith("column owner_age cannot be read");
    }

    @Test
    void optionalRecordIsEmptyWhenAllItsColumnsAreNull() {
        assertThat(server.one("SELECT 1 AS id, NULL AS owner_name, NULL::int AS owner_age", MaybeOwned.class))
                .isEqualTo(new MaybeOwned(1, Optional.empty()));
        assertThat(server.one("SELECT 1 AS id, 'Ann' AS owner_name, 40 AS owner_age", MaybeOwned.class))
                .isEqualTo(new MaybeOwned(1, Optional.of(new Owner("Ann", 40))));
        assertThatThrownBy(() ->
                        server.one("SELECT 1 AS id, 'Ann' AS owner_name, NULL::int AS owner_age", MaybeOwned.class))
                .hasMessageContaining("owner_age");
    }

    @Test
    void arraysAsLists() {
        Lists lists = server.one("SELECT ARRAY[1,NULL]::int4[] AS ids, NULL::text[] AS tags", Lists.class);

        assertThat(lists.ids()).isEqualTo(Arrays.asList(1L, null)).isUnmodifiable();
        assertThat(lists.tags()).isEmpty();
    }

    @Test
    void recordOfUnknownComponentTypeGetsTheNaturalOne() {
        assertThat(server.one("SELECT 1::int8 AS value", Generic.class)).isEqualTo(new Generic<>(1L));
    }

    @Test
    void refusesARecordInsideItself() {
        assertThatThrownBy(() -> server.one("SELECT 1 AS id", Node.class))
                .hasMessageContaining("the record contains itself");
    }

    @Test
    void whatTheConstructorThrowsIsThrown() {
        assertThatThrownBy(() -> server.one("SELECT -1 AS id", Strict.class))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("id must not be negative");
    }

    @Test
    void readsALocalRecord() {
        record Local(int id) {}

        assertThat(server.one("SELECT 1 AS id", Local.class)).isEqualTo(new Local(1));
    }

    @Test
    void readsAPublicRecord() {
        assertThat(server.one("SELECT 1 AS x, 2 AS y", PublicPoint.class)).isEqualTo(new PublicPoint(1, 2));
    }

    @Test
    void oneMapperServesResultsOfDifferentShape() {
        RowMapper<Strict> mapper = RowMapper.of(Strict.class);
        List<Strict> all = new ArrayList<>();
        all.addAll(server.query("SELECT 1 AS id", Bindings.none(), mapper));
        all.addAll(server.query("SELECT 'x' AS name, 2::int8 AS id", Bindings.none(), mapper));
        all.addAll(server.query("SELECT g AS id FROM generate_series(3, 1000) g", Bindings.none(), mapper));

        assertThat(all).hasSize(1_000).first().isEqualTo(new Strict(1));
        assertThat(all.get(1)).isEqualTo(new Strict(2));
        assertThat(all.get(999)).isEqualTo(new Strict(1_000));
    }
}
