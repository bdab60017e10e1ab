package io.github.r2dbcsession.docs;

import io.github.r2dbcsession.Database;
import java.math.BigDecimal;
import reactor.core.publisher.Mono;

/** The code of the README, compiled. */
final class ReadmeExample {

    record Account(long id, String owner, BigDecimal balance) {}

    private ReadmeExample() {}

    static Mono<Account> run() {
        Database db = Database.of("postgresql+psycopg2://app:y5[x@db:5432/shop?sslmode=require");

        Mono<Account> account = db.sql("SELECT id, owner, balance FROM account WHERE id = :id")
                .bind("id", 42)
                .as(Account.class)
                .one();

        Mono<Long> transfer = db.inTransaction(tx -> tx.sql("UPDATE account SET balance = balance - 10 WHERE id = 1")
                .rowsUpdated()
                .then(tx.sql("UPDATE account SET balance = balance + 10 WHERE id = 2")
                        .rowsUpdated()));

        return transfer.then(account);
    }
}
