package io.github.r2dbcsession.example;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Transaction;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The accounts. A repository: what it runs joins the transaction that its subscriber is in, if there is one. */
final class Accounts {

    private final Database database;
    private final Statements statements;

    Accounts(Database database, Statements statements) {
        this.database = database;
        this.statements = statements;
    }

    /** Emits an account, or nothing when there is none. */
    Mono<Account> find(long id) {
        return database.sql("SELECT id, owner, balance FROM ledger_example.account WHERE id = :id")
                .bind("id", id)
                .as(Account.class)
                .one();
    }

    /** Emits the accounts after the given one, at most so many. */
    Flux<Account> after(long id, int limit) {
        return database.sql("""
                        SELECT id, owner, balance FROM ledger_example.account
                        WHERE id > :id ORDER BY id LIMIT :limit""")
                .bind("id", id)
                .bind("limit", limit)
                .as(Account.class)
                .all();
    }

    /** Opens an account and books what it holds, both or neither: the transaction as a handle, in the {@code usingWhen} form. */
    Mono<Account> open(NewAccount account) {
        return Mono.usingWhen(
                database.beginTransaction(),
                tx -> tx.bind(insert(account)),
                Transaction::commit,
                (tx, error) -> tx.rollback(),
                Transaction::rollback);
    }

    private Mono<Account> insert(NewAccount account) {
        return database.sql("INSERT INTO ledger_example.account (owner) VALUES (:owner) RETURNING id")
                .bind("owner", account.owner())
                .as(Long.class)
                .one()
                .delayUntil(id -> statements.book(id, account.balance(), "opening balance"))
                .flatMap(this::find);
    }

    /**
     * Emits the accounts and locks them until the transaction ends. Always in the order of their ids, so that transfers that go
     * opposite ways between two accounts wait for one another and never deadlock.
     */
    Flux<Account> lock(List<Long> ids) {
        return database.sql("""
                        SELECT id, owner, balance FROM ledger_example.account
                        WHERE id = ANY(:ids) ORDER BY id FOR UPDATE""").bind("ids", ids, Long.class).as(Account.class).all();
    }
}
