package io.github.r2dbcsession;

import org.jspecify.annotations.Nullable;

/** A transaction, or a savepoint within one, that work inside it can join. */
interface OpenTransaction extends Transaction, StatementScope {

    /** Lets no commit through any more, for a reason that the commit then gives. */
    void markRollbackOnly(@Nullable Throwable cause);

    TransactionOptions options();

    /** What errors call it. */
    String described();

    /** The transaction on the server. */
    DefaultTransaction root();
}
