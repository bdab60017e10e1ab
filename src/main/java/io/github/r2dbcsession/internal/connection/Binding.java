package io.github.r2dbcsession.internal.connection;

import io.r2dbc.spi.Statement;

/** Sets the parameters of a statement. */
@FunctionalInterface
public interface Binding {

    /** Sets none. */
    Binding NONE = new Binding() {
        @Override
        public void bindTo(Statement statement) {
            // There is nothing to set.
        }

        @Override
        public boolean isEmpty() {
            return true;
        }
    };

    /** Sets them. */
    void bindTo(Statement statement);

    /** Whether the statement has none, and so is sent as a simple query where all of its answer is read at once. */
    default boolean isEmpty() {
        return false;
    }
}
