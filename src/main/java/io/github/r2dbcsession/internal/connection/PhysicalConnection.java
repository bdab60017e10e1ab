package io.github.r2dbcsession.internal.connection;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.reactivestreams.Publisher;
import reactor.core.Exceptions;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/**
 * A connection of the driver together with its channel: it can tell whether it is idle, and it can be closed whatever it is doing.
 * Thread-safe.
 */
public final class PhysicalConnection {

    private static final Duration CANCEL_LIMIT = Duration.ofSeconds(1);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(1);

    private final PostgresqlConnection driver;
    private final ChannelTap tap;
    private final Channel channel;
    private final Wire wire;
    private final AtomicInteger conversations = new AtomicInteger();
    private volatile BooleanSupplier retired = () -> false;

    PhysicalConnection(PostgresqlConnection driver, ChannelTap tap) {
        this.driver = driver;
        this.tap = tap;
        ChannelTap.Tapped session = tap.session();
        this.channel = session.channel();
        this.wire = session.wire();
    }

    /** The driver's own connection: what a pool holds. */
    public Connection driver() {
        return driver;
    }

    /**
     * Runs one statement. A cancel is kept from the driver: what is left of the answer is read and dropped.
     *
     * @param bind sets the statement's parameters; nothing has been sent before it returns
     * @param read reads one result
     */
    public <T> Flux<T> converse(
            String sql, Consumer<? super Statement> bind, Function<? super Result, ? extends Publisher<T>> read) {
        Flux<T> answer = Flux.defer(() -> {
            Statement statement = driver.createStatement(sql);
            bind.accept(statement);
            return Flux.from(statement.execute())
                    .concatMapDelayError(read, 1)
                    .onErrorMap(failure -> Exceptions.unwrapMultiple(failure).get(0));
        });
        return new Conversation<>(answer, conversations);
    }

    /** Whether the channel is open and nobody has begun to close it. */
    public boolean isOpen() {
        return channel.isActive() && !tap.killed();
    }

    /** The certificate that the server showed, verified or not; empty without TLS. */
    Optional<X509Certificate> serverCertificate() {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        try {
            return tls != null
                            && tls.engine().getSession().getPeerCertificates()[0] instanceof X509Certificate certificate
                    ? Optional.of(certificate)
                    : Optional.empty();
        } catch (SSLPeerUnverifiedException e) {
            return Optional.empty();
        }
    }

    /** Says when the connection has served its time. */
    void retireWhen(BooleanSupplier retired) {
        this.retired = retired;
    }

    /** Whether the credentials it was made with have been replaced, and its turn to go has come. It may be used to the end of a lease. */
    public boolean isRetired() {
        return retired.getAsBoolean();
    }

    /** Whether nothing is under way: every answer has been read to its end, by us and by the driver. */
    public boolean isQuiet() {
        return conversations.get() == 0 && wire.state().owed() == 0;
    }

    /** Whether the connection is provably idle: open, quiet, and in no transaction. */
    public boolean isIdle() {
        return isOpen() && isQuiet() && wire.state().status() == 'I';
    }

    /** Whether a transaction is open or has failed, as the last ReadyForQuery said. */
    public boolean inTransaction() {
        char status = wire.state().status();
        return status == 'T' || status == 'E';
    }

    /** Whether the tag of the last command that completed was {@code COMMIT}. */
    public boolean committed() {
        return wire.state().tag() == WireState.Tag.COMMIT;
    }

    /**
     * Completes as soon as nothing is under way on the connection any more, or it has closed, or the limit has passed; then
     * {@link #isQuiet()} tells which.
     */
    public Mono<Void> settle(Duration limit) {
        return Mono.defer(() -> {
            if (settled()) {
                return Mono.empty();
            }
            Sinks.Empty<Void> quiet = Sinks.empty();
            // The driver gets a message after we do: what it makes of a ReadyForQuery has happened one turn of the loop
            // later.
            wire.onReady(() -> channel.eventLoop().execute(() -> {
                if (settled()) {
                    quiet.tryEmitEmpty();
                }
            }));
            if (settled()) {
                quiet.tryEmitEmpty();
            }
            return quiet.asMono().timeout(limit, Mono.empty()).doFinally(signal -> wire.onReady(null));
        });
    }

    private boolean settled() {
        return !isOpen() || isQuiet();
    }

    /**
     * Asks the server to stop the statement that runs. Completes when the request has arrived; the statement may end by itself before,
     * so the request may meet the one that follows. Fails when the request has not arrived within 1 s.
     */
    public Mono<Void> cancelStatement() {
        return driver.cancelRequest().timeout(CANCEL_LIMIT);
    }

    /**
     * Asks the server to stop what it is doing for this connection, if it is doing anything, and closes the channel. Never fails, and
     * takes 1 s at most. {@link #isOpen()} is false before it completes, so that nobody is lent what is about to close.
     */
    public Mono<Void> invalidate() {
        return Mono.defer(() -> {
                    boolean busy = isOpen() && wire.state().owed() > 0;
                    return busy ? cancelStatement() : Mono.<Void>empty();
                })
                .onErrorComplete()
                .doOnTerminate(tap::kill)
                .doOnCancel(tap::kill);
    }

    /** Closes the channel at once. */
    public void kill() {
        tap.kill();
    }

    /** Calls back once when the channel has closed, at once when it has closed before. */
    public void onClose(Runnable callback) {
        channel.closeFuture().addListener(closed -> callback.run());
    }

    /** Says goodbye to the server and closes the channel, within 1 s. Never fails. */
    public Mono<Void> close() {
        return driver.close()
                .timeout(CLOSE_LIMIT)
                .onErrorComplete()
                .doOnTerminate(tap::kill)
                .doOnCancel(tap::kill);
    }
}
