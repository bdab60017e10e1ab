package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.HostAndPort;
import io.github.r2dbcsession.connection.ConnectListener;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.spi.ConnectionFactoryMetadata;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

/**
 * Makes physical connections: each with a driver configuration of its own, so that certificates are read anew, and under one deadline
 * that covers TCP, TLS and login. Thread-safe.
 */
public final class Connector {

    private final ConnectionFactoryOptions options;
    private final ConnectFailures failures;
    private final String target;
    private final Duration limit;
    private final LoopResources loops;
    private final ConnectListener listener;

    /**
     * Prepares to connect; opens nothing.
     *
     * @param limit how long a connect may take; a shorter {@code connect_timeout} of the string wins
     * @param loops the event loops that connections run on
     */
    public Connector(ConnectionString connectionString, Duration limit, LoopResources loops, ConnectListener listener) {
        this.options = connectionString.toConnectionFactoryOptions();
        this.target = target(connectionString.hosts());
        this.failures = new ConnectFailures(target, connectionString.sslMode());
        this.limit = connectionString
                .connectTimeout()
                .filter(stated -> stated.compareTo(limit) < 0)
                .orElse(limit);
        this.loops = loops;
        this.listener = listener;
    }

    private static String target(List<HostAndPort> hosts) {
        return hosts.stream().map(HostAndPort::toString).collect(Collectors.joining(", "));
    }

    /** What the driver says of itself. */
    public ConnectionFactoryMetadata metadata() {
        return new PostgresqlConnectionFactoryProvider().create(options).getMetadata();
    }

    /**
     * Connects once a subscription and emits the connection, which is then the subscriber's.
     *
     * <p>Fails with one of the errors of {@code io.github.r2dbcsession.connection}, at the limit with {@link ConnectTimeoutException}.
     * Every socket of a connect that failed, ran out of time or was cancelled is closed.
     */
    public Mono<PhysicalConnection> connect() {
        return Mono.defer(() -> {
            ChannelTap tap = new ChannelTap(loops);
            AtomicBoolean emitted = new AtomicBoolean();
            long start = System.nanoTime();
            return Mono.fromCallable(() -> factory(tap))
                    .subscribeOn(Schedulers.boundedElastic())
                    .flatMap(PostgresqlConnectionFactory::create)
                    .map(driver -> new PhysicalConnection(driver, tap))
                    .onErrorMap(failure -> failures.translate(failure, tap.phase()))
                    .timeout(limit, Mono.error(() -> outOfTime(tap.phase())))
                    .doOnError(failure -> {
                        tap.kill();
                        listener.onConnectFailure(failure, since(start));
                    })
                    .doOnNext(connection -> {
                        emitted.set(true);
                        listener.onConnect(since(start));
                        connection.onClose(listener::onDisconnect);
                    })
                    .doOnCancel(() -> {
                        if (!emitted.get()) {
                            tap.kill();
                        }
                    });
        });
    }

    private PostgresqlConnectionFactory factory(LoopResources tap) {
        return new PostgresqlConnectionFactory(PostgresqlConnectionFactoryProvider.builder(options)
                .loopResources(tap)
                .build());
    }

    private ConnectTimeoutException outOfTime(ConnectPhase phase) {
        return new ConnectTimeoutException(
                "no connection to " + target + " within " + limit.toMillis() + " ms: " + phase.stuckAt(), limit);
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
