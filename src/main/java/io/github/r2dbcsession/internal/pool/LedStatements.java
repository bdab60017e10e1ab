package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.internal.connection.Lead;

/** Those of one piece of work at the beginning of a transaction. */
final class LedStatements extends Statements {

    private final Lease lease;
    private final Lead lead;

    LedStatements(Lease lease, Lead lead) {
        this.lease = lease;
        this.lead = lead;
    }

    @Override
    Lease lease() {
        return lease;
    }

    @Override
    Lead lead() {
        return lead;
    }
}
