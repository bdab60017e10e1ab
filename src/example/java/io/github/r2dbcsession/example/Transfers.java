package io.github.r2dbcsession.example;

import io.github.r2dbcsession.Database;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/** Moves money. All of a transfer happens or none of it, whatever is refused, fails or is cancelled. */
final class Transfers {

    private final Database database;
    private final Accounts accounts;
    private final Statements statements;

    Transfers(Database database, Accounts accounts, Statements statements) {
        this.database = database;
        this.accounts = accounts;
        this.statements = statements;
    }

    /** Moves the money and emits the transfer. Fails with a {@link Refusal}, and then nothing was moved. */
    Mono<Transfer> make(TransferOrder order) {
        return database.inTransaction(tx -> lockAndCheck(order)
                .then(record(order))
                .delayUntil(transfer -> statements.book(
                        order.from(),
                        order.amount().negate(),
                        "transfer " + transfer.id() + " to account " + order.to()))
                .delayUntil(transfer -> statements.book(
                        order.to(), order.amount(), "transfer " + transfer.id() + " from account " + order.from())));
    }

    private Mono<Void> lockAndCheck(TransferOrder order) {
        return accounts.lock(List.of(order.from(), order.to()))
                .collectMap(Account::id, Function.identity())
                .flatMap(locked -> {
                    Account from = require(locked, order.from());
                    require(locked, order.to());
                    return from.balance().compareTo(order.amount()) < 0
                            ? Mono.error(Refusal.insufficientFunds(from, order))
                            : Mono.empty();
                });
    }

    private static Account require(Map<Long, Account> locked, long id) {
        Account account = locked.get(id);
        if (account == null) {
            throw Refusal.notFound("account " + id);
        }
        return account;
    }

    private Mono<Transfer> record(TransferOrder order) {
        return database.sql("""
                        INSERT INTO ledger_example.transfer (from_account, to_account, amount)
                        VALUES (:from, :to, :amount)
                        RETURNING id, from_account AS "from", to_account AS "to", amount, at""")
                .bind("from", order.from())
                .bind("to", order.to())
                .bind("amount", order.amount())
                .as(Transfer.class)
                .one();
    }
}
