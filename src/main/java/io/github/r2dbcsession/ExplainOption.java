package io.github.r2dbcsession;

/** What a plan is to tell, see {@link Query#explain(ExplainOption...)}. */
public enum ExplainOption {
    /** Runs the statement, tells what it did, and undoes it. Sequences and what lies outside the database are not undone. */
    ANALYZE("ANALYZE"),
    /** The blocks that were hit, read and written. */
    BUFFERS("BUFFERS"),
    /** The columns of each node, and names in full. */
    VERBOSE("VERBOSE"),
    /** The settings that differ from their defaults. */
    SETTINGS("SETTINGS"),
    /** The write-ahead log that was written; with {@link #ANALYZE} only. */
    WAL("WAL"),
    /** The plan as JSON in place of text. */
    JSON("FORMAT JSON");

    private final String sql;

    ExplainOption(String sql) {
        this.sql = sql;
    }

    String asSql() {
        return sql;
    }
}
