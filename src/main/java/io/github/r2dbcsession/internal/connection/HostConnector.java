package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

/** Connects to one server, by the driver. Each connect has a driver configuration of its own, so that certificates are read anew. */
final class HostConnector {

    private final ConnectionFactoryOptions options;
    private final ConnectFailures failures;
    private final String target;
    private final LoopResources loops;

    HostConnector(ConnectionString connectionString, LoopResources loops) {
        this.options = connectionString.toConnectionFactoryOptions();
        this.target = connectionString.hosts().stream().map(Object::toString).collect(Collectors.joining(", "));
        this.failures = new ConnectFailures(target, connectionString.sslMode());
        this.loops = loops;
    }

    /** Connects once a subscription, see {@link Connector#connect()}. */
    Mono<PhysicalConnection> connect(Duration limit) {
        return Mono.defer(() -> {
            ChannelTap tap = new ChannelTap(loops);
            AtomicBoolean emitted = new AtomicBoolean();
            return Mono.fromCallable(() -> factory(tap))
                    .subscribeOn(Schedulers.boundedElastic())
                    .flatMap(PostgresqlConnectionFactory::create)
                    .map(driver -> new PhysicalConnection(driver, tap))
                    .onErrorMap(failure -> failures.translate(failure, tap.phase()))
                    .timeout(limit, Mono.error(() -> outOfTime(tap.phase(), limit)))
                    .doOnError(failure -> tap.kill())
                    .doOnNext(connection -> emitted.set(true))
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

    private ConnectTimeoutException outOfTime(ConnectPhase phase, Duration limit) {
        return new ConnectTimeoutException(
                "no connection to " + target + " within " + limit.toMillis() + " ms: " + phase.stuckAt(), limit);
    }
}
