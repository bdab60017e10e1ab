package io.github.r2dbcsession.testing;

import reactor.blockhound.BlockHound;
import reactor.blockhound.integration.BlockHoundIntegration;

/** The one blocking call that is let pass: Netty loads its native library on an event loop, once in a JVM. */
public final class NativeLibraryAllowance implements BlockHoundIntegration {

    @Override
    public void applyTo(BlockHound.Builder builder) {
        builder.allowBlockingCallsInside("io.netty.util.internal.NativeLibraryLoader", "load");
    }
}
