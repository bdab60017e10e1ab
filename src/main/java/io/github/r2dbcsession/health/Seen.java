package io.github.r2dbcsession.health;

import io.github.r2dbcsession.health.Lately.Acquires;
import io.github.r2dbcsession.pool.PoolStats;
import java.time.Instant;
import java.util.Optional;

/**
 * What one check saw beside the server's answer. Immutable.
 *
 * @param certificateExpiry when the certificate ends that the server showed last
 * @param leaks connections that have been out for too long, empty where there are none
 */
record Seen(
        Instant time, PoolStats pool, Acquires acquires, Optional<Instant> certificateExpiry, Optional<Leaks> leaks) {}
