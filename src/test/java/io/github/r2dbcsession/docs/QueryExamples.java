package io.github.r2dbcsession.docs;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.sql.Json;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The code of the page on queries, compiled. */
final class QueryExamples {

    record Account(long id, String owner, BigDecimal balance) {}

    record Owner(String name, Optional<String> mail) {}

    record Car(long id, Owner owner, List<String> tags, Optional<Owner> formerOwner) {}

    record Item(String name, int count) {}

    record CarOrder(long id, List<Item> items) {}

    Mono<Account> one(Database db, long id) {
        Mono<Account> found = db.sql("SELECT id, owner, balance FROM account WHERE id = :id")
                .bind("id", id)
                .as(Account.class)
                .one();
        return found;
    }

    Flux<Account> collections(Database db, List<Long> ids) {
        Flux<Account> found = db.sql(
                        "SELECT id, owner, balance FROM account WHERE id = ANY(:ids) AND owner <> ALL(:owners)")
                .bind("ids", ids)
                .bind("owners", List.of(), String.class)
                .as(Account.class)
                .all();
        return found;
    }

    Flux<?> rows(Database db) {
        Flux<String> labels = db.sql("SELECT id, owner FROM account")
                .map(row -> row.get("id", Long.class)
                        + " "
                        + row.find("owner", String.class).orElse("nobody"))
                .all();
        Flux<Map<String, @Nullable Object>> rows =
                db.sql("SELECT * FROM account").asMap().all();
        return labels.thenMany(rows);
    }

    Mono<CarOrder> json(Database db, CarOrder order) {
        Mono<Long> saved = db.sql("INSERT INTO car_order (id, items) VALUES (:id, :items)")
                .bind("id", order.id())
                .bind("items", Json.of(order.items()))
                .rowsUpdated();
        Mono<CarOrder> read = db.sql("SELECT id, items FROM car_order WHERE id = :id")
                .bind("id", order.id())
                .as(CarOrder.class)
                .one();
        return saved.then(read);
    }
}
