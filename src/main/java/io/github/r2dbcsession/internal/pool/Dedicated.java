package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.config.ResetPolicy;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import reactor.core.publisher.Mono;

/** Connections made beside a pool, each for one lease. Thread-safe. */
final class Dedicated {

    private final Set<PhysicalConnection> all = ConcurrentHashMap.newKeySet();
    private final Connector connector;
    private final Gate closing;
    private volatile boolean ended;

    Dedicated(Connector connector, ResetPolicy policy) {
        this.connector = connector;
        this.closing = new Gate(false, policy);
    }

    /** Connects; releasing the lease closes the connection. Fails as a connect does. */
    Mono<Lease> lease() {
        return connector.connect().map(connection -> {
            all.add(connection);
            connection.onClose(() -> all.remove(connection));
            // One that was begun before the end comes too late.
            if (ended) {
                connection.kill();
            }
            return new Lease(
                    connection,
                    closing,
                    Home.of(closing.pass(connection)),
                    new Figures(),
                    Audience.NOBODY,
                    CallSite.UNKNOWN);
        });
    }

    /** Closes them, and each that is still to come. */
    void kill() {
        ended = true;
        all.forEach(PhysicalConnection::kill);
    }

    boolean isEmpty() {
        return all.isEmpty();
    }
}
