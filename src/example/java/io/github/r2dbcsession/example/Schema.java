package io.github.r2dbcsession.example;

import io.github.r2dbcsession.Database;
import java.util.List;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The ledger's tables, in a schema of their own: {@value #NAME}. Nothing is ever dropped. */
final class Schema {

    static final String NAME = "ledger_example";

    /** Two ledgers that start at once on one database must not create the tables twice. */
    private static final String LOCK = "SELECT pg_advisory_xact_lock(hashtext('ledger_example'))::text";

    private static final List<String> DEFINITIONS = List.of(
            "CREATE SCHEMA IF NOT EXISTS ledger_example",
            """
            CREATE TABLE IF NOT EXISTS ledger_example.account (
                id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                owner   text NOT NULL,
                balance numeric(19,2) NOT NULL DEFAULT 0 CHECK (balance >= 0))""",
            """
            CREATE TABLE IF NOT EXISTS ledger_example.transfer (
                id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                from_account bigint NOT NULL REFERENCES ledger_example.account,
                to_account   bigint NOT NULL REFERENCES ledger_example.account,
                amount       numeric(19,2) NOT NULL CHECK (amount > 0),
                at           timestamptz NOT NULL DEFAULT now())""",
            """
            CREATE TABLE IF NOT EXISTS ledger_example.entry (
                id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                account bigint NOT NULL REFERENCES ledger_example.account,
                at      timestamptz NOT NULL DEFAULT now(),
                text    text NOT NULL,
                amount  numeric(19,2) NOT NULL,
                balance numeric(19,2) NOT NULL)""",
            "CREATE INDEX IF NOT EXISTS entry_by_account ON ledger_example.entry (account, id)");

    private final Database database;

    Schema(Database database) {
        this.database = database;
    }

    /** Creates what is missing. Where everything is there, it needs no right to create. */
    Mono<Void> create() {
        return present().flatMap(present -> present ? Mono.empty() : define());
    }

    private Mono<Boolean> present() {
        return database.sql("SELECT to_regclass('ledger_example.entry_by_account') IS NOT NULL")
                .as(Boolean.class)
                .one();
    }

    private Mono<Void> define() {
        return database.inTransaction(tx -> tx.sql(LOCK)
                .as(String.class)
                .first()
                .thenMany(Flux.fromIterable(DEFINITIONS))
                .concatMap(definition -> tx.sql(definition).rowsUpdated())
                .then());
    }
}
