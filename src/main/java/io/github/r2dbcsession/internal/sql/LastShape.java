package io.github.r2dbcsession.internal.sql;

import io.r2dbc.spi.RowMetadata;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a mapper worked out for the result it saw last; all rows of a result share one metadata object. Thread-safe: a lost
 * race works it out once more.
 */
final class LastShape<S> {

    private record Seen<S>(RowMetadata metadata, S shape) {}

    private @Nullable Seen<S> last;

    S of(RowMetadata metadata, Function<? super RowMetadata, ? extends S> workOut) {
        Seen<S> seen = last;
        if (seen == null || seen.metadata() != metadata) {
            seen = new Seen<>(metadata, workOut.apply(metadata));
            last = seen;
        }
        return seen.shape();
    }
}
