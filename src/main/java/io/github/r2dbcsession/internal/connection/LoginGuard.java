package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.internal.connection.tls.ClientCertificate;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;
import java.util.function.Predicate;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Stands before the driver until the server has accepted the login: reads every message first, and ends the attempt when the policy
 * forbids what the server asks for.
 */
final class LoginGuard extends ChannelDuplexHandler {

    private static final int HEADER = 5;
    private static final int MAX_LENGTH = 30_000;
    private static final String CANNOT_CONNECT_NOW = "57P03";

    private final AuthenticationPolicy policy;
    private final ClientCertificate client;
    private final Predicate<Boolean> fallsBack;
    private final ConnectFailures failures;
    private final Refusals refusals;
    private final SignOfLife sign;
    private @Nullable Authentication authentication;
    private @Nullable ByteBuf held;
    private boolean begun;
    private boolean heard;
    private boolean done;

    /**
     * Guards one login.
     *
     * @param fallsBack whether an attempt that the server refuses has a next one, by whether it had TLS
     */
    LoginGuard(
            AuthenticationPolicy policy,
            ClientCertificate client,
            Predicate<Boolean> fallsBack,
            ConnectFailures failures,
            Refusals refusals,
            SignOfLife sign) {
        this.policy = policy;
        this.client = client;
        this.fallsBack = fallsBack;
        this.failures = failures;
        this.refusals = refusals;
        this.sign = sign;
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        authentication = new Authentication(policy, hasTls(context), client);
        logIn(context, true);
        context.fireChannelActive();
    }

    private static void logIn(ChannelHandlerContext context, boolean begins) {
        if (context.pipeline().get(SslHandler.class) instanceof UnboundTls tls) {
            tls.logIn(begins);
        }
    }

    private static boolean hasTls(ChannelHandlerContext context) {
        return context.pipeline().get(SslHandler.class) != null;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        heard = true;
        sign.heard();
        held = held == null ? bytes : ByteToMessageDecoder.MERGE_CUMULATOR.cumulate(context.alloc(), held, bytes);
        while (!done && held != null && held.readableBytes() >= HEADER) {
            int length = held.getInt(held.readerIndex() + 1);
            if (length < HEADER - 1 || length > MAX_LENGTH) {
                refuse(context, failures.notPostgres());
            } else if (held.readableBytes() <= length) {
                break;
            } else {
                ByteBuf frame = held.readRetainedSlice(length + 1);
                if (allows(context, frame)) {
                    context.fireChannelRead(frame);
                } else {
                    frame.release();
                }
            }
        }
        if (done) {
            context.pipeline().remove(this);
        }
    }

    private boolean allows(ChannelHandlerContext context, ByteBuf frame) {
        byte type = frame.getByte(frame.readerIndex());
        ByteBuf body = frame.slice(frame.readerIndex() + HEADER, frame.readableBytes() - HEADER);
        switch (type) {
            case 'R' -> {
                return allowsRequest(context, body);
            }
            case 'E' ->
                refusals.serverRefused(!CANNOT_CONNECT_NOW.equals(sqlState(body)) && fallsBack.test(hasTls(context)));
            case 'N', 'v' -> {
                return true;
            }
            default -> {
                refuse(context, failures.notPostgres());
                return false;
            }
        }
        return true;
    }

    private boolean allowsRequest(ChannelHandlerContext context, ByteBuf body) {
        if (authentication == null || body.readableBytes() < Integer.BYTES) {
            refuse(context, failures.notPostgres());
            return false;
        }
        int code = body.readInt();
        String reason = authentication.asked(code, body.toString(StandardCharsets.UTF_8));
        if (reason != null) {
            refuse(context, failures.login(reason));
            return false;
        }
        done = code == 0;
        return true;
    }

    private static @Nullable String sqlState(ByteBuf fields) {
        for (String field : fields.toString(StandardCharsets.UTF_8).split("\0", -1)) {
            if (field.startsWith("C")) {
                return field.substring(1);
            }
        }
        return null;
    }

    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        if (!begun && authentication != null && message instanceof ByteBuf bytes && isAnswer(bytes)) {
            begun = true;
            String text = bytes.toString(StandardCharsets.ISO_8859_1);
            String reason = text.indexOf('\0', HEADER) < 0
                    ? null
                    : authentication.begun(text.substring(HEADER, text.indexOf('\0', HEADER)));
            if (reason != null) {
                ReferenceCountUtil.release(message);
                promise.tryFailure(failures.login(reason));
                refuse(context, failures.login(reason));
                return;
            }
        }
        context.write(message, promise);
    }

    private static boolean isAnswer(ByteBuf bytes) {
        return bytes.readableBytes() > HEADER && bytes.getByte(bytes.readerIndex()) == 'p';
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
        if (hasTls(context) && failures.isTls(failure)) {
            refuse(context, failures.handshake(failure, client.shown(), false));
        } else if (!turnedAway(context)) {
            context.fireExceptionCaught(failure);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        turnedAway(context);
        context.fireChannelInactive();
    }

    /** With TLS 1.3 a server judges our certificate when the handshake is over for us, and its alert can be lost. */
    private boolean turnedAway(ChannelHandlerContext context) {
        if (heard || !client.requested()) {
            return false;
        }
        refuse(context, failures.handshake(new SSLException("it hung up"), client.shown(), false));
        return true;
    }

    private void refuse(ChannelHandlerContext context, Throwable failure) {
        refusals.refuse(failure, false);
        done = true;
        if (held != null) {
            held.skipBytes(held.readableBytes());
        }
        context.close();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        logIn(context, false);
        ByteBuf rest = held;
        held = null;
        if (rest != null && rest.isReadable()) {
            context.fireChannelRead(rest);
        } else if (rest != null) {
            rest.release();
        }
    }
}
