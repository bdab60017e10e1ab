package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.Binding;
import io.github.r2dbcsession.internal.sql.Bindings;
import io.github.r2dbcsession.internal.sql.ParsedSql;
import io.r2dbc.spi.Statement;

/** The values of a query's parameters. */
record BoundValues(Bindings values, ParsedSql sql) implements Binding {

    @Override
    public void bindTo(Statement statement) {
        values.bindTo(statement, sql);
    }

    @Override
    public boolean isEmpty() {
        return !sql.hasParameters();
    }
}
