package io.github.r2dbcsession.internal.connection;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.handler.ssl.SslHandler;
import io.r2dbc.postgresql.api.Notification;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.spi.Result;
import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
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
    private final Interceptor interceptor;
    private final boolean compatible;
    private final Turns cancels;
    private final Conversations conversations;
    private volatile BooleanSupplier retired = () -> false;
    private volatile boolean dirty;
    private volatile boolean mustWrite;

    /**
     * Takes a connection over.
     *
     * @param compatible whether the driver is in its compatibility mode
     */
    PhysicalConnection(PostgresqlConnection driver, ChannelTap tap, Turns cancels, boolean compatible) {
        this.driver = driver;
        this.tap = tap;
        this.cancels = cancels;
        ChannelTap.Tapped session = tap.session();
        this.channel = session.channel();
        this.wire = session.wire();
        this.interceptor = session.interceptor();
        this.compatible = compatible;
        this.conversations = new Conversations(channel.eventLoop());
    }

    /**
     * Runs one statement without limits.
     *
     * @param binding sets the statement's parameters; nothing has been sent before it returns
     * @param read reads one result
     */
    public <T> Flux<T> converse(String sql, Binding binding, Function<? super Result, ? extends Publisher<T>> read) {
        return converse(sql, StatementLimits.NONE, () -> {}, binding, read, null);
    }

    /**
     * Runs one statement. A cancel is kept from the driver: what is left of the answer is read and dropped, or closed where the server
     * keeps a cursor. Fails with {@link StatementOverdueException} when its time is over, 50 ms later at most; where the answer does not
     * come within 1 s, the connection is closed.
     *
     * @param first runs ahead of it; nothing has been sent before it returns
     * @param binding sets the statement's parameters; nothing has been sent before it returns
     * @param read reads one result
     * @param lead goes ahead of it, unless it has gone ahead of another before
     */
    public <T> Flux<T> converse(
            String sql,
            StatementLimits limits,
            Runnable first,
            Binding binding,
            Function<? super Result, ? extends Publisher<T>> read,
            @Nullable Lead lead) {
        return conversation(new DriverStatement<>(this, sql, limits, first, binding, read), lead);
    }

    /**
     * Runs one command that answers no rows.
     *
     * @param wanted asked ahead of it; where it says no, nothing is sent. May throw
     * @param read reads the result where the server says more than that it has been done
     */
    public <T> Flux<T> command(
            String sql,
            BooleanSupplier wanted,
            Function<? super Result, ? extends Publisher<T>> read,
            @Nullable Lead lead) {
        return conversation(new DriverCommand<>(this, sql, wanted, read), lead);
    }

    private <T> Conversation<T> conversation(Conversation.Statement<T> statement, @Nullable Lead lead) {
        return new Conversation<>(lead == null ? statement : new LedStatement<>(this, lead, statement), conversations);
    }

    /** Emits the notifications that arrive from now on, on the event loop. Whoever does not ask for them misses them. */
    public Flux<Notification> notifications() {
        return driver.getNotifications();
    }

    /**
     * Runs one {@code COPY ... FROM STDIN} and emits how many rows the server took. A cancel, and an error of the data, has the server undo
     * it; what is left of the answer is then read and dropped. An error of the data is passed on.
     *
     * @param first runs ahead of it; nothing has been sent before it returns
     * @param data is asked for more as the socket takes it, and cancelled when the server refuses a row
     * @param lead goes ahead of it, unless it has gone ahead of another before
     */
    public Flux<Long> copyIn(String sql, Runnable first, Publisher<ByteBuf> data, @Nullable Lead lead) {
        return Flux.defer(() -> {
            CopySource source = new CopySource(data);
            Conversation.Statement<Long> copy = alone -> {
                first.run();
                return driver.copyIn(sql).fromMany(source.frames()).build().flux();
            };
            return conversation(copy, lead)
                    .doOnTerminate(source::stop)
                    .onErrorMap(source::told)
                    .doOnCancel(source::stop);
        });
    }

    /**
     * Runs one {@code COPY ... TO STDOUT} and emits what the server sends, with the subscriber's demand. After a cancel the rest is dropped.
     *
     * @param first runs ahead of it; nothing has been sent before it returns
     * @param lead goes ahead of it, unless it has gone ahead of another before
     */
    public Flux<ByteBuffer> copyOut(String sql, Runnable first, @Nullable Lead lead) {
        return Flux.defer(() -> {
            CopyReader reader = new CopyReader(channel, wire);
            Conversation.Statement<Long> copy = alone -> {
                first.run();
                reader.attach();
                return Flux.from(driver.createStatement(sql).execute())
                        .concatMapDelayError(Result::getRowsUpdated, 0)
                        .doOnTerminate(reader::detach);
            };
            Flux<ByteBuffer> answer = conversation(copy, lead).thenMany(Flux.empty());
            return Flux.merge(1, reader.data(), answer).doOnCancel(reader::drop);
        });
    }

    /** Runs something on the connection's event loop. */
    public void execute(Runnable task) {
        channel.eventLoop().execute(task);
    }

    /** Runs something on the connection's event loop, once that has read what had arrived before the call. */
    public void executeUpToDate(Runnable task) {
        EventLoop loop = channel.eventLoop();
        if (loop instanceof SingleThreadEventLoop turning) {
            // The turn may be past its reading; the next one begins with it.
            loop.execute(() -> turning.executeAfterEventLoopIteration(() -> loop.execute(task)));
        } else {
            loop.execute(task);
        }
    }

    /** Whether the channel is open and nobody has begun to close it, neither here nor, by what it said last, the server. */
    public boolean isOpen() {
        return channel.isActive() && !tap.killed() && wire.condemnation() == null;
    }

    /**
     * Emits why the server ends the connection, as soon as it says so and before the channel closes; completes empty when the connection
     * is closed from here. On the connection's event loop, or at once when it has happened.
     */
    public Mono<Condemnation> condemned() {
        return wire.condemned();
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

    /** Has the connection go once its lease has ended. */
    public void retire() {
        retireWhen(() -> true);
    }

    /** Says that the server was chosen because it can be written to; a statement that finds it cannot retires the connection. */
    void mustWrite() {
        mustWrite = true;
    }

    /**
     * Whether its time has come: the credentials it was made with have been replaced, or the server takes no writes any more though it
     * was to. It may be used to the end of a lease.
     */
    public boolean isRetired() {
        return retired.getAsBoolean() || (mustWrite && wire.wasReadOnly());
    }

    /** Whether the server has said that it ends the connection, or the channel broke. */
    public boolean wasLost() {
        return wire.condemnation() != null;
    }

    /** The server process behind it, where the server told. */
    public OptionalInt backendPid() {
        int pid = wire.backendPid();
        return pid == 0 ? OptionalInt.empty() : OptionalInt.of(pid);
    }

    /** Whether nothing is under way: every answer has been read to its end, by us and by the driver. */
    public boolean isQuiet() {
        return conversations.open() == 0 && wire.isQuiet();
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

    /** Whether the session may differ from a fresh one. */
    public boolean isDirty() {
        return dirty;
    }

    /** Says that the session may differ from a fresh one from now on. */
    public void markDirty() {
        dirty = true;
    }

    /** Says that the session is as a fresh one. */
    public void markClean() {
        dirty = false;
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
            // later, and so has a statement that was withdrawn before it began, to which no ReadyForQuery will come.
            Runnable look = () -> channel.eventLoop().execute(() -> {
                if (settled()) {
                    quiet.tryEmitEmpty();
                }
            });
            wire.onReady(look);
            look.run();
            return quiet.asMono().timeout(limit, Mono.empty()).doFinally(signal -> wire.onReady(null));
        });
    }

    private boolean settled() {
        return !isOpen() || isQuiet();
    }

    /**
     * Asks the server to stop the statement that runs. Completes when the request has arrived; the statement may end by itself before,
     * so the request may meet the one that follows.
     *
     * <p>A few requests are under way to a database at a time, the others wait. One that has not arrived within 1 s fails, and so does one
     * that cannot be seen to arrive; the connection is then closed, for the request might still come and stop somebody else's statement.
     */
    public Mono<Void> cancelStatement() {
        return cancels.inTurn(driver.cancelRequest())
                .timeout(CANCEL_LIMIT)
                .doOnError(unseen -> tap.kill())
                .doOnCancel(tap::kill);
    }

    /**
     * Asks the server to stop what it is doing for this connection, if it is doing anything, and closes the channel. Never fails, and
     * takes 1 s at most. {@link #isOpen()} is false before it completes, so that nobody is lent what is about to close.
     */
    public Mono<Void> invalidate() {
        return Mono.defer(() -> {
                    boolean busy = isOpen() && !isQuiet();
                    return busy ? cancelStatement() : Mono.<Void>empty();
                })
                .onErrorComplete()
                .doOnTerminate(tap::kill)
                .doOnCancel(tap::kill);
    }

    Channel channel() {
        return channel;
    }

    PostgresqlConnection driver() {
        return driver;
    }

    Wire wire() {
        return wire;
    }

    Interceptor interceptor() {
        return interceptor;
    }

    Conversations conversations() {
        return conversations;
    }

    /** Whether the driver is in its compatibility mode, in which it has to see for itself that a transaction is open. */
    boolean isCompatible() {
        return compatible;
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
