package io.github.r2dbcsession.internal.sql;

import io.r2dbc.spi.RowMetadata;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What was worked out for the lists of columns that one class was read from lately, 64 of them. Where it is the same list again, that is
 * seen without copying it. Thread-safe.
 */
final class Shapes<S> {

    private record Known<S>(Columns columns, S shape) {}

    private static final int MOST = 64;

    private final Function<? super Columns, ? extends S> workOut;
    private final BoundedCache<Columns, S> known = new BoundedCache<>(MOST);
    private volatile @Nullable Known<S> last;

    Shapes(Function<? super Columns, ? extends S> workOut) {
        this.workOut = workOut;
    }

    S of(RowMetadata metadata) {
        Known<S> seen = last;
        if (seen == null || !seen.columns().describe(metadata)) {
            Columns columns = Columns.of(metadata);
            seen = new Known<>(columns, known.get(columns, workOut));
            last = seen;
        }
        return seen.shape();
    }
}
