package io.github.r2dbcsession;

/** How far work had come when it failed. */
enum Phase {
    /** Nothing of it had been sent. */
    UNSENT("before anything was sent"),
    /** The BEGIN had been sent, and no statement of the work. */
    BEGIN("at the BEGIN"),
    /** A statement inside a transaction. */
    STATEMENT("at a statement"),
    /** The COMMIT had been sent. */
    COMMIT("at the COMMIT"),
    /** A statement that commits itself had been sent. */
    AUTOCOMMIT("at a statement outside a transaction");

    private final String words;

    Phase(String words) {
        this.words = words;
    }

    @Override
    public String toString() {
        return words;
    }
}
