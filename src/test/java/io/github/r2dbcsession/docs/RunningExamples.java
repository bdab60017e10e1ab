package io.github.r2dbcsession.docs;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.SqlClient;
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
            return page(0)
                    .collectList()
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
        Mono<Long> counted =
                db.inSession(session -> new Accounts(session.withTimeout(Duration.ofMillis(500))).count());
        return counted;
    }

    Flux<Account> stream(Database db) {
        Flux<Account> accounts = db.sql("SELECT id, owner, balance FROM account ORDER BY id")
                .as(Account.class)
                .all();
        return accounts;
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
}
