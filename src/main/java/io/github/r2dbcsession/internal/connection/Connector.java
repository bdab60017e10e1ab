package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.Credentials;
import io.github.r2dbcsession.config.HostAndPort;
import io.github.r2dbcsession.config.SslMode;
import io.github.r2dbcsession.connection.ConnectListener;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.netty.resources.LoopResources;

/** Makes physical connections, each under one deadline that covers TCP, TLS and login. Thread-safe. */
public final class Connector {

    private final HostConnector server;
    private final HostAndPort host;
    private final Credentials credentials;
    private final Duration limit;
    private final ConnectListener listener;

    /**
     * Prepares to connect; opens nothing.
     *
     * @param limit how long a connect may take; a shorter {@code connect_timeout} of the string wins
     * @param loops the event loops that connections run on
     */
    public Connector(ConnectionString connectionString, Duration limit, LoopResources loops, ConnectListener listener) {
        this.server = new HostConnector(connectionString, loops);
        this.host = connectionString.hosts().get(0);
        this.credentials = connectionString.credentials();
        connectionString.toConnectionFactoryOptions(host, credentials);
        this.limit = connectionString
                .connectTimeout()
                .filter(stated -> stated.compareTo(limit) < 0)
                .orElse(limit);
        this.listener = listener;
    }

    /**
     * Connects once a subscription and emits the connection, which is then the subscriber's.
     *
     * <p>Fails with one of the errors of {@code io.github.r2dbcsession.connection}, at the limit with {@link ConnectTimeoutException}.
     * Every socket of a connect that failed, ran out of time or was cancelled is closed.
     */
    public Mono<PhysicalConnection> connect() {
        return Mono.defer(() -> {
            long start = System.nanoTime();
            return endpoint()
                    .flatMap(endpoint -> server.connect(endpoint, credentials, limit))
                    .doOnError(failure -> listener.onConnectFailure(failure, since(start)))
                    .doOnNext(connection -> {
                        listener.onConnect(since(start));
                        connection.onClose(listener::onDisconnect);
                    });
        });
    }

    private Mono<Endpoint> endpoint() {
        return host.isSocket()
                ? Mono.just(new Endpoint(host, null))
                : Mono.fromCallable(() -> new Endpoint(host, InetAddress.getByName(host.host())))
                        .subscribeOn(Schedulers.boundedElastic())
                        .onErrorMap(
                                UnknownHostException.class,
                                unknown -> new ConnectFailures(host.toString(), SslMode.DISABLE)
                                        .translate(unknown, ConnectPhase.CONNECT));
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
