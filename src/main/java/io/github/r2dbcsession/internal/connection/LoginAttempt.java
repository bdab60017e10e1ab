package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.Credentials;
import io.github.r2dbcsession.internal.cell.CellCodecs;
import io.github.r2dbcsession.internal.connection.tls.ClientCertificate;
import io.github.r2dbcsession.internal.connection.tls.Encryption;
import io.github.r2dbcsession.internal.connection.tls.TlsContext;
import io.github.r2dbcsession.internal.connection.tls.TlsPolicy;
import io.netty.channel.ChannelPipeline;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.spi.ConnectionFactoryOptions;
import java.security.GeneralSecurityException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * One attempt to log in at one endpoint, with TLS or without: what it needs is read anew, and what speaks against it ends it at once.
 */
final class LoginAttempt {

    private final ConnectionString string;
    private final TlsPolicy policy;
    private final AuthenticationPolicy authentication;
    private final Endpoint endpoint;
    private final Encryption encryption;
    private final ConnectFailures failures;
    private final Refusals refusals = new Refusals();
    private final ChannelTap tap;
    private final Turns cancels;
    private final SignOfLife sign;
    private volatile @Nullable TlsContext tls;
    private volatile boolean compatible;

    LoginAttempt(
            ConnectionString string,
            TlsPolicy policy,
            AuthenticationPolicy authentication,
            Endpoint endpoint,
            Encryption encryption,
            Sockets sockets,
            SignOfLife sign) {
        this.string = string;
        this.policy = policy;
        this.authentication = authentication;
        this.endpoint = endpoint;
        this.encryption = encryption;
        this.failures = new ConnectFailures(endpoint.toString(), policy.mode());
        this.tap = new ChannelTap(sockets, this::guard);
        this.cancels = sockets.cancels();
        this.sign = sign;
    }

    /** Connects once. Whatever fails leaves no socket. */
    Mono<PhysicalConnection> connect(Credentials credentials) {
        return Mono.fromCallable(() -> factory(credentials))
                .subscribeOn(Schedulers.boundedElastic())
                .flatMap(factory -> Mono.firstWithSignal(
                        refusals.asMono(),
                        factory.create().map(driver -> new PhysicalConnection(driver, tap, cancels, compatible))))
                .onErrorMap(failure -> failures.translate(failure, tap.phase()))
                .doOnError(failure -> tap.kill());
    }

    private PostgresqlConnectionFactory factory(Credentials credentials) throws GeneralSecurityException {
        if (encryption != Encryption.PLAIN) {
            try {
                tls = policy.load(endpoint.host().host());
            } catch (GeneralSecurityException | SSLException unusable) {
                refusals.serverRefused(true);
                throw failures.tls(String.valueOf(unusable.getMessage()), unusable);
            }
        }
        ConnectionFactoryOptions options = string.toConnectionFactoryOptions(endpoint.dialled(), credentials);
        compatible = options.getValue(PostgresqlConnectionFactoryProvider.COMPATIBILITY_MODE) == Boolean.TRUE;
        return new PostgresqlConnectionFactory(PostgresqlConnectionFactoryProvider.builder(options)
                .loopResources(tap)
                .codecRegistrar(CellCodecs::register)
                .build());
    }

    private void guard(ChannelPipeline pipeline) {
        TlsContext context = tls;
        if (context != null) {
            pipeline.addLast(new TlsHandler(
                    context, encryption, policy.direct(), authentication.mayBind(), failures, refusals, sign));
        }
        pipeline.addLast(new LoginGuard(
                authentication,
                context == null ? ClientCertificate.none() : context.client(),
                hadTls -> hadTls || encryption == Encryption.PLAIN,
                failures,
                refusals,
                sign));
    }

    /** Whether libpq would make its next attempt now that this one has failed. */
    boolean mayFallBack() {
        return refusals.mayFallBack();
    }

    ConnectFailures failures() {
        return failures;
    }

    ConnectPhase phase() {
        return tap.phase();
    }

    /** Ends the attempt from outside; what its channel says of that is no failure any more. */
    void kill() {
        refusals.serverRefused(false);
        tap.kill();
    }
}
