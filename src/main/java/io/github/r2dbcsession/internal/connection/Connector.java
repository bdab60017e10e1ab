package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.Credentials;
import io.github.r2dbcsession.config.HostAndPort;
import io.github.r2dbcsession.connection.ConnectListener;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import java.net.InetAddress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;

/**
 * Makes physical connections, each under one deadline that covers credentials, every host tried, TCP, TLS, login and the server's role.
 * Thread-safe.
 */
public final class Connector {

    private final HostSearch hosts;
    private final Logins logins;
    private final Duration limit;
    private final ConnectListener listener;

    /** Prepares to connect as the user of the string; opens nothing. */
    public Connector(ConnectionString connectionString, Duration limit, LoopResources loops, ConnectListener listener) {
        this(connectionString, limit, loops, listener, null);
    }

    /**
     * Prepares to connect; opens nothing.
     *
     * @param limit how long a connect may take; a shorter {@code connect_timeout} of the string wins
     * @param loops the event loops that connections run on, evenly spread
     * @param credentials whom to log in as, asked for at each connect; null for those of the string
     */
    public Connector(
            ConnectionString connectionString,
            Duration limit,
            LoopResources loops,
            ConnectListener listener,
            @Nullable Mono<Credentials> credentials) {
        this(connectionString, limit, loops, listener, credentials, InetAddress::getAllByName);
    }

    Connector(
            ConnectionString connectionString,
            Duration limit,
            LoopResources loops,
            ConnectListener listener,
            @Nullable Mono<Credentials> credentials,
            Resolver.Lookup lookup) {
        this.hosts = new HostSearch(
                connectionString,
                new HostConnector(connectionString, Sockets.of(connectionString, loops)),
                new Resolver(lookup),
                new HostMemory(System::nanoTime));
        this.limit = connectionString
                .connectTimeout()
                .filter(stated -> stated.compareTo(limit) < 0)
                .orElse(limit);
        this.logins = credentials == null
                ? Logins.fixed(new Login(connectionString.credentials(), System::nanoTime))
                : new AskedLogins(credentials, this.limit, System::nanoTime);
        this.listener = listener;
        check(connectionString);
    }

    /** Lets the driver refuse now what it would refuse at each connect. */
    private static void check(ConnectionString connectionString) {
        for (HostAndPort host : connectionString.hosts()) {
            connectionString.toConnectionFactoryOptions(host, Credentials.of("anybody"));
        }
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
            Deadline deadline = Deadline.in(limit);
            return logins.current(deadline)
                    .flatMap(login -> connect(login, deadline)
                            .onErrorResume(Login::isRefusal, refusal -> connectOtherwise(login, deadline, refusal)))
                    .doOnDiscard(PhysicalConnection.class, PhysicalConnection::kill)
                    .doOnError(failure -> listener.onConnectFailure(failure, since(start)))
                    .doOnNext(connection -> tell(connection, start));
        });
    }

    /** Nobody would have the connection that a listener threw at. */
    private void tell(PhysicalConnection connection, long start) {
        try {
            listener.onConnect(since(start));
            connection.serverCertificate().ifPresent(listener::onServerCertificate);
            connection.onClose(listener::onDisconnect);
        } catch (Throwable thrown) {
            connection.kill();
            throw thrown;
        }
    }

    /** A password may have changed since it was asked for. */
    private Mono<PhysicalConnection> connectOtherwise(Login refused, Deadline deadline, Throwable refusal) {
        return refused.isBlocked()
                ? Mono.error(refusal)
                : logins.insteadOf(refused, deadline)
                        .flatMap(other -> connect(other, deadline))
                        .switchIfEmpty(Mono.error(refusal));
    }

    private Mono<PhysicalConnection> connect(Login login, Deadline deadline) {
        return login.attempt(hosts.search(login.credentials(), deadline), deadline)
                .doOnNext(connection -> connection.retireWhen(login.retirement()));
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }
}
