package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.TransactionEnd;
import io.github.r2dbcsession.TransactionStart;
import io.micrometer.observation.Observation;
import org.jspecify.annotations.Nullable;

/** What an observation of a transaction is about. Not thread-safe. */
public final class TransactionObservationContext extends Observation.Context {

    private final Database database;
    private final TransactionStart transaction;
    private @Nullable TransactionEnd end;

    TransactionObservationContext(Database database, TransactionStart transaction) {
        this.database = database;
        this.transaction = transaction;
    }

    /** The database it is run on. */
    public Database database() {
        return database;
    }

    /** What is run. */
    public TransactionStart transaction() {
        return transaction;
    }

    /** How it ended, null until it has. */
    public @Nullable TransactionEnd end() {
        return end;
    }

    void end(TransactionEnd how) {
        this.end = how;
    }
}
