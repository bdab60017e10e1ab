package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import org.jspecify.annotations.Nullable;

/** Something in a subscriber's Context that keeps a connection while the work inside it runs. */
interface Holding {

    /** The connection, null while there is none. */
    @Nullable
    Lease lease();

    /** What it stands in. */
    @Nullable
    Holding outer();
}
