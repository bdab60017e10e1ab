package io.github.r2dbcsession.docs;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Notification;
import io.github.r2dbcsession.SqlClient;
import io.github.r2dbcsession.SqlScript;
import java.math.BigDecimal;
import java.time.Duration;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The code of the pages on running statements, compiled. */
final class RunningExamples {

    record Account(long id, String owner, BigDecimal balance) {}

    record Report(long rows, BigDecimal total) {}

    record Accounts(SqlClient client) {

        Mono<Long> count() {
            return client.sql("SELECT count(*) FROM account").as(Long.class).one();
        }

        Flux<Account> page(long after) {
            return client.sql("SELECT id, owner, balance FROM account WHERE id > :after ORDER BY id LIMIT 1000")
                    .bind("after", after)
                    .as(Account.class)
                    .all();
        }

        Flux<Account> pages() {
            return page(0).collectList()
                    .expand(page -> page.isEmpty()
                            ? Mono.empty()
                            : page(page.get(page.size() - 1).id()).collectList())
                    .concatMapIterable(page -> page);
        }
    }

    Mono<Report> timeout(Database db) {
        Mono<Report> report = db.sql("SELECT count(*) AS rows, sum(balance) AS total FROM account")
                .timeout(Duration.ofSeconds(2))
                .as(Report.class)
                .one();
        return report;
    }

    Database timeoutOfAll(String url) {
        Database db =
                Database.builder(url).statementTimeout(Duration.ofSeconds(5)).build();
        return db;
    }

    Mono<Long> timeoutOfASession(Database db) {
        Mono<Long> counted = db.inSession(session -> new Accounts(session.withTimeout(Duration.ofMillis(500))).count());
        return counted;
    }

    Flux<Account> stream(Database db) {
        Flux<Account> accounts = db.sql("SELECT id, owner, balance FROM account ORDER BY id")
                .as(Account.class)
                .all();
        return accounts;
    }

    Mono<Long> chargeOverdrawn(Database db) {
        Mono<Long> charged = db.inTransaction(tx -> tx.sql("SELECT id FROM account WHERE balance < 0")
                .as(Long.class)
                .all()
                .collectList()
                .flatMap(ids -> tx.sql("UPDATE account SET balance = balance - 1 WHERE id = ANY(:ids)")
                        .bind("ids", ids)
                        .rowsUpdated()));
        return charged;
    }

    Mono<Account> stopEarly(Database db) {
        Mono<Account> found = db.inTransaction(tx -> tx.sql("SELECT id, owner, balance FROM account ORDER BY id")
                .fetchSize(500)
                .as(Account.class)
                .all()
                .filter(account -> account.balance().signum() < 0)
                .next());
        return found;
    }

    Flux<String> listen(Database db) {
        Flux<String> changed =
                db.listen("price_changed").ofType(Notification.Message.class).map(Notification.Message::payload);
        return changed;
    }

    Mono<Void> send(Database db, long id, BigDecimal price) {
        Mono<Void> repriced = db.inTransaction(tx -> tx.sql("UPDATE product SET price = :price WHERE id = :id")
                .bind("price", price)
                .bind("id", id)
                .rowsUpdated()
                .then(tx.notify("price_changed", Long.toString(id))));
        return repriced;
    }

    record Product(long id, BigDecimal price) {}

    interface Products {

        Flux<Product> find(long id);

        Flux<Product> all();
    }

    Flux<Product> copy(Database db, Products products) {
        Flux<Product> current = db.listen("price_changed")
                .concatMap(told -> told instanceof Notification.Message message
                        ? products.find(Long.parseLong(message.payload()))
                        : products.all());
        return current;
    }

    Mono<Integer> script(Database db) {
        Mono<Integer> prepared = db.inTransaction(SqlScript.resource("/schema.sql")::run);
        return prepared;
    }

    static final long NIGHTLY_REPORT = 17;

    Mono<Long> lock(Database db) {
        Mono<Long> done = db.inSession(
                session -> session.tryLock(NIGHTLY_REPORT).filter(free -> free).flatMap(locked -> report(session)));
        return done;
    }

    private static Mono<Long> report(SqlClient client) {
        return client.sql("REFRESH MATERIALIZED VIEW report").rowsUpdated();
    }

    Mono<String> plan(Database db) {
        Mono<String> plan = db.sql("SELECT * FROM account WHERE owner = :owner")
                .bind("owner", "ada")
                .explain();
        return plan;
    }
}
