package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.Credentials;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import io.github.r2dbcsession.internal.connection.tls.Encryption;
import io.github.r2dbcsession.internal.connection.tls.TlsPolicy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/** Connects to one endpoint, by as many attempts with and without TLS as sslmode allows. */
final class HostConnector {

    private final ConnectionString connectionString;
    private final TlsPolicy tls;
    private final AuthenticationPolicy authentication;
    private final Sockets sockets;

    /** Prepares to connect; opens nothing. */
    HostConnector(ConnectionString connectionString, Sockets sockets) {
        this.connectionString = connectionString;
        this.tls = new TlsPolicy(connectionString);
        this.authentication = AuthenticationPolicy.of(connectionString);
        this.sockets = sockets;
    }

    /**
     * Connects once a subscription, see {@link Connector#connect()}.
     *
     * @param limit how long it may take, every attempt at TLS included
     */
    Mono<PhysicalConnection> connect(Endpoint endpoint, Credentials credentials, Duration limit) {
        return Mono.deferContextual(context -> {
            SignOfLife sign = context.<SignOfLife>getOrEmpty(SignOfLife.class).orElse(() -> {});
            AtomicReference<@Nullable LoginAttempt> current = new AtomicReference<>();
            AtomicBoolean emitted = new AtomicBoolean();
            return attempt(tls.attempts(endpoint.host()), endpoint, credentials, sign, current)
                    .timeout(limit, Mono.error(() -> outOfTime(endpoint, current.get(), limit)))
                    .doOnError(failure -> kill(current.get()))
                    .doOnNext(connection -> emitted.set(true))
                    .doOnCancel(() -> {
                        if (!emitted.get()) {
                            kill(current.get());
                        }
                    });
        });
    }

    private Mono<PhysicalConnection> attempt(
            List<Encryption> left,
            Endpoint endpoint,
            Credentials credentials,
            SignOfLife sign,
            AtomicReference<@Nullable LoginAttempt> current) {
        return Mono.defer(() -> {
            LoginAttempt attempt =
                    new LoginAttempt(connectionString, tls, authentication, endpoint, left.get(0), sockets, sign);
            current.set(attempt);
            Mono<PhysicalConnection> connect = attempt.connect(credentials);
            return left.size() == 1
                    ? connect
                    : connect.onErrorResume(
                            failure -> attempt.mayFallBack(),
                            failure -> attempt(left.subList(1, left.size()), endpoint, credentials, sign, current)
                                    .onErrorMap(last -> attempt.failures().after(last, failure)));
        });
    }

    private static void kill(@Nullable LoginAttempt attempt) {
        if (attempt != null) {
            attempt.kill();
        }
    }

    private static ConnectTimeoutException outOfTime(
            Endpoint endpoint, @Nullable LoginAttempt attempt, Duration limit) {
        ConnectPhase phase = attempt == null ? ConnectPhase.CONNECT : attempt.phase();
        return new ConnectTimeoutException(
                "no connection to " + endpoint + " within " + limit.toMillis() + " ms: " + phase.stuckAt(), limit);
    }
}
