package io.github.r2dbcsession;

import io.github.r2dbcsession.sql.Row;
import java.util.Collection;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * One statement with its parameters. Immutable: each method returns a new query, so a query can be kept and bound again.
 * Thread-safe. Each subscription to a result runs the statement once.
 */
public interface Query {

    /**
     * Binds a named parameter.
     *
     * @param name the name without its colon
     * @param value the value; null binds an SQL NULL, a collection binds a PostgreSQL array
     */
    Query bind(String name, @Nullable Object value);

    /**
     * Binds a collection as a PostgreSQL array, for {@code = ANY(:name)}; an empty one is legal.
     *
     * @param name the name without its colon
     * @param elementType what the elements are, which an empty collection cannot tell
     */
    Query bind(String name, Collection<?> values, Class<?> elementType);

    /**
     * Binds an SQL NULL of a type, for the rare places where the server cannot infer it.
     *
     * @param name the name without its colon
     */
    Query bindNull(String name, Class<?> type);

    /**
     * Binds a positional parameter.
     *
     * @param index the number behind the dollar sign, from 1
     * @param value the value; null binds an SQL NULL
     */
    Query bind(int index, @Nullable Object value);

    /**
     * Names the query in meters, traces and logs. Without a name it goes by its SQL command, such as {@code SELECT}.
     *
     * @param name written into the program, never made of data: meters keep 100 names apart
     */
    Query named(String name);

    /**
     * Maps each row to a scalar, or to a record by its components: column {@code created_at} fills {@code createdAt}.
     */
    <T> Rows<T> as(Class<T> type);

    /**
     * Maps each row by a function. It must not block, and the row must not be kept.
     *
     * @param mapper returns the mapped row, never null
     */
    <T> Rows<T> map(Function<? super Row, ? extends T> mapper);

    /**
     * Runs the statement and emits how many rows it inserted, updated or deleted, or selected; 0 for a command that counts none.
     *
     * <p>Cancelling lets go of the result; the statement may have run.
     */
    Mono<Long> rowsUpdated();
}
