package io.github.r2dbcsession;

import io.github.r2dbcsession.sql.Row;
import io.github.r2dbcsession.sql.StatementException;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * One statement with its parameters. Immutable: each method returns a new query, so a query can be kept and bound again.
 * Thread-safe. Each subscription to a result runs the statement once.
 */
public interface Query {

    /**
     * Binds a named parameter. A collection or an array becomes a PostgreSQL array, a record a composite value, an {@code Optional} what
     * it holds; an enum is bound by its constant's name.
     *
     * @param name the name without its colon
     * @param value the value, or null for an SQL NULL of the type that the statement expects
     * @throws StatementException when PostgreSQL could not store the value as it is
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
     * @param value as for a named one
     */
    Query bind(int index, @Nullable Object value);

    /**
     * Binds a collection as a PostgreSQL array, for {@code = ANY($1)}; an empty one is legal.
     *
     * @param index the number behind the dollar sign, from 1
     * @param elementType what the elements are, which an empty collection cannot tell
     */
    Query bind(int index, Collection<?> values, Class<?> elementType);

    /**
     * Binds an SQL NULL of a type, for the rare places where the server cannot infer it.
     *
     * @param index the number behind the dollar sign, from 1
     */
    Query bindNull(int index, Class<?> type);

    /**
     * Names the query in meters, traces and logs. Without a name it goes by its SQL command, such as {@code SELECT}.
     *
     * @param name written into the program, never made of data: meters keep 100 names apart
     */
    Query named(String name);

    /**
     * Limits how long the statement may take, from when it is sent until its answer has been read; waiting for a connection has its own
     * limit.
     *
     * <p>At the limit the server is asked to stop it, and the caller gets {@link StatementCancelledException} by DEADLINE; so a
     * transaction around it can only be rolled back, or the work behind a savepoint. Where the server does not say within 50 ms that it has
     * stopped, the error comes all the same: {@link StatementUnknownException} for a statement outside a transaction that may write. What
     * is next on the connection waits for the answer; where none comes within a second the connection is closed. A statement with a limit shares its connection's wire with no other: what is run on the same session at
     * the same time is sent after it.
     *
     * @param limit from 1 ms to 2147483647 ms; by default that of the session or database
     */
    Query timeout(Duration limit);

    /**
     * Has the server send the rows of {@link Rows#all()} so many at a time, the next when they are asked for. Takes one round trip more in
     * all and one for each further portion. Without it the server sends as fast as the rows are taken, and stands still when they are
     * not; memory is bounded either way. With it a stream that is cut short costs one portion, inside a transaction too.
     *
     * @param rows 1 or more, or 0 to have them sent as they are taken, which is the default
     */
    Query fetchSize(int rows);

    /**
     * Maps each row to a scalar, or to a record by its components: column {@code created_at} fills {@code createdAt}.
     *
     * <p>A record inside a record is filled from the columns that have its component's name and an underscore in front, or from one column
     * of that name that holds JSON or a composite value. Columns that no component asks for are left alone.
     */
    <T> Rows<T> as(Class<T> type);

    /** Maps each row to a modifiable map from the names of its columns to their values, in the order of the result. */
    Rows<Map<String, @Nullable Object>> asMap();

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

    /**
     * Runs the statement and emits whether it has any row. Further rows are read and dropped: {@code LIMIT 1} spares them.
     */
    Mono<Boolean> exists();

    /**
     * Asks the server how it would run the statement, and emits the plan, a line for each node.
     *
     * <p>Does not run the statement unless {@link ExplainOption#ANALYZE} is among the options. Then it is run and undone: in a transaction
     * of its own, or behind a savepoint of the one that is open.
     */
    Mono<String> explain(ExplainOption... options);
}
