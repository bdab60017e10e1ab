package io.github.r2dbcsession.example;

import io.github.r2dbcsession.SqlClient;
import java.math.BigDecimal;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What happened on each account, line by line. */
final class Statements {

    private final SqlClient client;

    Statements(SqlClient client) {
        this.client = client;
    }

    /** Emits the lines of an account, oldest first, as fast as the subscriber asks for them. */
    Flux<Entry> of(long account) {
        return client.sql("""
                        SELECT id, at, text, amount, balance FROM ledger_example.entry
                        WHERE account = :account ORDER BY id""").bind("account", account).as(Entry.class).all();
    }

    /** Adds an amount to an account's balance, or takes it, and writes the line that says so, in one statement. */
    Mono<Void> book(long account, BigDecimal amount, String text) {
        return client.sql("""
                        WITH changed AS (
                            UPDATE ledger_example.account SET balance = balance + :amount WHERE id = :account
                            RETURNING id, balance)
                        INSERT INTO ledger_example.entry (account, text, amount, balance)
                        SELECT id, :text, :amount, balance FROM changed""")
                .bind("account", account)
                .bind("amount", amount)
                .bind("text", text)
                .rowsUpdated()
                .then();
    }
}
