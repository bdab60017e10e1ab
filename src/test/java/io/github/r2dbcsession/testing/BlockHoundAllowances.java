package io.github.r2dbcsession.testing;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/**
 * The four calls that may block on a non-blocking thread. Without the first, the first acquire hangs in silence; the second reads the
 * kernel's random device for TLS and SCRAM, which answers at once; the third is a lock that Netty's allocator of buffers holds for a
 * moment, of which its own integration tells BlockHound nothing; the fourth is that of a scheduler's queue, held for a moment when a timer
 * is cancelled. Reactor allows it for adding and taking; thrown out of it, a thread leaves the lock unusable and every later timer dead.
 */
public final class BlockHoundAllowances implements BlockHoundIntegration {

    @Override
    public void applyTo(BlockHound.Builder builder) {
        builder.allowBlockingCallsInside("io.netty.util.internal.NativeLibraryLoader", "load");
        builder.allowBlockingCallsInside("java.security.SecureRandom", "nextBytes");
        builder.allowBlockingCallsInside(
                "io.netty.buffer.AdaptivePoolingAllocator$MagazineGroup", "tryExpandMagazines");
        builder.allowBlockingCallsInside("java.util.concurrent.ScheduledThreadPoolExecutor$DelayedWorkQueue", "remove");
    }
}
