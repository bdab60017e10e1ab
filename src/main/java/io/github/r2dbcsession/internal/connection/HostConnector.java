package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.Credentials;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.postgresql.client.DefaultHostnameVerifier;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

/** Connects to one endpoint, by the driver. Each connect has a driver configuration of its own, so that certificates are read anew. */
final class HostConnector {

    private final ConnectionString connectionString;
    private final LoopResources loops;

    HostConnector(ConnectionString connectionString, LoopResources loops) {
        this.connectionString = connectionString;
        this.loops = loops;
    }

    /**
     * Connects once a subscription, see {@link Connector#connect()}.
     *
     * @param limit how long it may take, every attempt at TLS included
     */
    Mono<PhysicalConnection> connect(Endpoint endpoint, Credentials credentials, Duration limit) {
        return Mono.defer(() -> {
            ChannelTap tap = new ChannelTap(loops);
            AtomicBoolean emitted = new AtomicBoolean();
            ConnectFailures failures = new ConnectFailures(endpoint.toString(), connectionString.sslMode());
            return Mono.fromCallable(() -> factory(endpoint, credentials, tap))
                    .subscribeOn(Schedulers.boundedElastic())
                    .flatMap(PostgresqlConnectionFactory::create)
                    .map(driver -> new PhysicalConnection(driver, tap))
                    .onErrorMap(failure -> failures.translate(failure, tap.phase()))
                    .timeout(limit, Mono.error(() -> outOfTime(endpoint, tap.phase(), limit)))
                    .doOnError(failure -> tap.kill())
                    .doOnNext(connection -> emitted.set(true))
                    .doOnCancel(() -> {
                        if (!emitted.get()) {
                            tap.kill();
                        }
                    });
        });
    }

    private PostgresqlConnectionFactory factory(Endpoint endpoint, Credentials credentials, ChannelTap tap) {
        String name = endpoint.host().host();
        PostgresqlConnectionConfiguration.Builder driver = PostgresqlConnectionFactoryProvider.builder(
                connectionString.toConnectionFactoryOptions(endpoint.dialled(), credentials));
        if (endpoint.address() != null) {
            driver.sslHostnameVerifier((dialled, session) -> DefaultHostnameVerifier.INSTANCE.verify(name, session));
        }
        return new PostgresqlConnectionFactory(driver.loopResources(tap).build());
    }

    private static ConnectTimeoutException outOfTime(Endpoint endpoint, ConnectPhase phase, Duration limit) {
        return new ConnectTimeoutException(
                "no connection to " + endpoint + " within " + limit.toMillis() + " ms: " + phase.stuckAt(), limit);
    }
}
