package io.github.r2dbcsession;

import org.jspecify.annotations.Nullable;

/**
 * Where a load runs, as its subscriber's Context tells. Loads of equal places may be answered by one statement.
 *
 * @param transaction the open one it joins
 * @param holding what keeps a connection meanwhile: the transaction's, a session's or a shared one
 * @param values what the settings of the server are to be
 */
record LoadPlace(
        @Nullable OpenTransaction transaction, @Nullable Holding holding, ContextValues values) {

    /** Whether statements have one connection between them, and run one after another. */
    boolean isShared() {
        return transaction != null || holding instanceof SessionScope;
    }
}
