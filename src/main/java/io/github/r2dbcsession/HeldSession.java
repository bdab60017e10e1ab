package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import org.jspecify.annotations.Nullable;

/** The connection of a session, for work inside it that asks for one more. */
record HeldSession(Lease lease, @Nullable Holding outer) implements Holding {}
