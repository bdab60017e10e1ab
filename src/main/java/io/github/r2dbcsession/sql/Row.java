package io.github.r2dbcsession.sql;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads the columns of one row of a result.
 *
 * <p>A row is valid only inside the function it was handed to; copy what must outlive it. Not thread-safe.
 *
 * <p>Conversions lose nothing: a {@code bigint} that does not fit an {@code Integer}, a {@code numeric} with a fraction asked
 * for as {@code Long}, or a {@code timestamp} asked for as {@code Instant} (it has no zone) is an error. {@code json} is read
 * as {@code String}, as {@link Json} or by the {@link JsonCodec} as a class of the application's, a composite as a record, a range as
 * {@link Range}, an enum by its constant's name, a PostgreSQL array as an array of objects or of primitives. An
 * {@code inet} is never looked up in the DNS. {@code infinity} is the {@code MAX} of the temporal class asked for.
 *
 * <p>A name finds the column that is spelled so, else the one column that differs only in case.
 */
public interface Row {

    /**
     * Returns the value of a column that is not null.
     *
     * @throws RowMappingException when there is no such column or more than one, it is null, or the type cannot hold it
     */
    <T> T get(String column, Class<T> type);

    /**
     * Returns the value of a column that is not null.
     *
     * @param index from 0
     * @throws RowMappingException when there is no such column, it is null, or the type cannot hold it
     */
    <T> T get(int index, Class<T> type);

    /**
     * Returns the value of a column, or empty when it is null.
     *
     * @throws RowMappingException when there is no such column or more than one, or the type cannot hold it
     */
    <T> Optional<T> find(String column, Class<T> type);

    /**
     * Returns the value of a column, or empty when it is null.
     *
     * @param index from 0
     * @throws RowMappingException when there is no such column, or the type cannot hold it
     */
    <T> Optional<T> find(int index, Class<T> type);

    /** Returns the names of the columns in the order of the result. */
    List<String> columnNames();

    /**
     * Returns a modifiable copy of the row in the order of the result; {@code json}, {@code inet} and ranges are {@code String}s.
     *
     * @throws RowMappingException when two columns have the same name
     */
    Map<String, @Nullable Object> toMap();
}
