package io.github.r2dbcsession.sql;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A range as PostgreSQL has it. PostgreSQL writes ranges of integers and dates in the form {@code [lower, upper)} whatever was bound.
 * Immutable.
 *
 * @param lower null when there is no lower bound
 * @param upper null when there is no upper bound
 * @param lowerInclusive whether the lower bound itself lies within; false without one
 * @param upperInclusive whether the upper bound itself lies within; false without one
 * @param isEmpty whether nothing lies within; it then has no bounds
 * @param <T> what lies within: Integer, Long, BigDecimal, LocalDate, LocalDateTime, or Instant and its kin
 */
public record Range<T>(
        @Nullable T lower, @Nullable T upper, boolean lowerInclusive, boolean upperInclusive, boolean isEmpty) {

    /** Checks that an absent bound is not inclusive, and that an empty range has none. */
    public Range {
        if ((lower == null && lowerInclusive) || (upper == null && upperInclusive)) {
            throw new IllegalArgumentException("a bound that is absent cannot be inclusive");
        }
        if (isEmpty && (lower != null || upper != null)) {
            throw new IllegalArgumentException("an empty range has no bounds");
        }
    }

    /** Returns {@code [lower, upper)}. */
    public static <T> Range<T> of(T lower, T upper) {
        return new Range<>(lower, upper, true, false, false);
    }

    /** Returns {@code [lower, upper]}. */
    public static <T> Range<T> closed(T lower, T upper) {
        return new Range<>(lower, upper, true, true, false);
    }

    /** Returns all from this value on. */
    public static <T> Range<T> from(T lower) {
        return new Range<>(lower, null, true, false, false);
    }

    /** Returns all before this value. */
    public static <T> Range<T> until(T upper) {
        return new Range<>(null, upper, false, false, false);
    }

    /** Returns the range without bounds. Its type must be known from the statement. */
    public static <T> Range<T> unbounded() {
        return new Range<>(null, null, false, false, false);
    }

    /** Returns the range in which nothing lies. Its type must be known from the statement. */
    public static <T> Range<T> empty() {
        return new Range<>(null, null, false, false, true);
    }

    /** Returns the lower bound, if there is one. */
    public Optional<T> lowerBound() {
        return Optional.ofNullable(lower);
    }

    /** Returns the upper bound, if there is one. */
    public Optional<T> upperBound() {
        return Optional.ofNullable(upper);
    }
}
