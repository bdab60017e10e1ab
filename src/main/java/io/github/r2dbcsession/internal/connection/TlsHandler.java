package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.internal.connection.tls.Encryption;
import io.github.r2dbcsession.internal.connection.tls.TlsContext;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLEngine;
import reactor.core.scheduler.Schedulers;

/**
 * Settles TLS before the driver learns that the channel is open: asks the server, sees to the handshake, and refuses every byte that
 * does not belong there. The driver itself believes in a connection without TLS.
 */
final class TlsHandler extends ChannelInboundHandlerAdapter {

    private static final long REQUEST = (8L << 32) | 80877103;

    private final TlsContext tls;
    private final Encryption encryption;
    private final boolean direct;
    private final boolean mayBind;
    private final ConnectFailures failures;
    private final Refusals refusals;
    private final SignOfLife sign;
    private boolean asked;

    TlsHandler(
            TlsContext tls,
            Encryption encryption,
            boolean direct,
            boolean mayBind,
            ConnectFailures failures,
            Refusals refusals,
            SignOfLife sign) {
        this.tls = tls;
        this.encryption = encryption;
        this.direct = direct;
        this.mayBind = mayBind;
        this.failures = failures;
        this.refusals = refusals;
        this.sign = sign;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        if (direct) {
            begin(context);
        } else {
            asked = true;
            context.writeAndFlush(context.alloc().buffer(Long.BYTES).writeLong(REQUEST));
        }
        context.read();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        sign.heard();
        try {
            if (asked && bytes.isReadable()) {
                asked = false;
                answered(context, bytes.readByte(), bytes.readableBytes());
            }
        } finally {
            bytes.release();
        }
    }

    private void answered(ChannelHandlerContext context, byte answer, int more) {
        if (answer == 'E') {
            refuse(context, failures.tls("the server answered the request for TLS with an error"), true);
        } else if (answer != 'S' && answer != 'N') {
            refuse(context, failures.notPostgres(), false);
        } else if (more > 0) {
            refuse(
                    context,
                    failures.tls("bytes in clear followed the answer to the request for TLS:"
                            + " somebody between here and the server may have put them there"),
                    false);
        } else if (answer == 'S') {
            begin(context);
        } else if (encryption == Encryption.DEMANDED) {
            refuse(
                    context,
                    failures.tls("the server has TLS switched off: switch it on there (ssl = on), or choose another"
                            + " sslmode where the network between can be trusted"),
                    false);
        } else {
            ready(context);
        }
    }

    private void begin(ChannelHandlerContext context) {
        // Verifying a chain takes its time, which other connections of the event loop should not wait for.
        Executor elsewhere = Schedulers.boundedElastic()::schedule;
        SSLEngine engine = tls.engine();
        SslHandler handler =
                mayBind ? new SslHandler(engine, false, elsewhere) : new UnboundTls(engine, tls.engine(), elsewhere);
        handler.setHandshakeTimeoutMillis(0);
        context.pipeline().addBefore(context.name(), null, handler);
        // A handshake that has begun already is not begun by the handler; this sends its first message.
        context.flush();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        context.read();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake) {
            sign.heard();
            if (!handshake.isSuccess()) {
                refuse(
                        context,
                        failures.handshake(handshake.cause(), tls.client().shown(), direct),
                        true);
            } else if (direct && !TlsContext.PROTOCOL.equals(protocol(context))) {
                refuse(
                        context,
                        failures.tls("what answered speaks TLS, but does not say that it is PostgreSQL:"
                                + " sslnegotiation=direct needs PostgreSQL 17 or later"),
                        true);
            } else {
                ready(context);
            }
        }
        context.fireUserEventTriggered(event);
    }

    private static String protocol(ChannelHandlerContext context) {
        return context.pipeline().get(SslHandler.class).engine().getApplicationProtocol();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        refuse(context, failures.tls("the server closed the connection while TLS was being settled"), false);
        context.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
        refuse(context, failures.translate(failure, ConnectPhase.TLS), false);
    }

    private void ready(ChannelHandlerContext context) {
        context.fireChannelActive();
        context.pipeline().remove(this);
    }

    private void refuse(ChannelHandlerContext context, Throwable failure, boolean mayFallBack) {
        refusals.refuse(failure, mayFallBack);
        context.close();
    }
}
