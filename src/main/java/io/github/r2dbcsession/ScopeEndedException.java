package io.github.r2dbcsession;

/** A session or transaction was used after it had ended. Nothing was sent. */
public final class ScopeEndedException extends IllegalStateException {

    private static final long serialVersionUID = 1;

    private final String scope;

    ScopeEndedException(String scope) {
        super("the " + scope + " has ended: keep its work inside the scope, and do not hand the " + scope
                + " out of it");
        this.scope = scope;
    }

    /** What had ended: {@code session} or {@code transaction}, with the database's name. */
    public String scope() {
        return scope;
    }
}
