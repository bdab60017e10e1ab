package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import io.r2dbc.spi.Result;
import java.time.Duration;
import reactor.core.publisher.Mono;

/** A ROLLBACK, where nothing else is under way on the connection; where something is, it comes when the connection is given back. */
final class Rollback {

    private static final Duration SETTLE_LIMIT = Duration.ofMillis(50);
    private static final Duration LIMIT = Duration.ofSeconds(1);

    private Rollback() {}

    /** Never fails: what is not rolled back here is rolled back or closed by the gate. */
    static Mono<Void> send(Lease lease) {
        return lease.settle(SETTLE_LIMIT)
                .then(Mono.defer(() -> lease.isQuiet()
                        ? lease.command("ROLLBACK", Result::getRowsUpdated)
                                .then()
                                .timeout(LIMIT)
                        : Mono.empty()))
                .onErrorComplete();
    }
}
