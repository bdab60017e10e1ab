package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.ConnectionString;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.nio.NioIoHandler;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.api.PostgresqlStatement;
import java.lang.reflect.Proxy;
import reactor.core.publisher.Flux;
import reactor.netty.resources.LoopResources;

/**
 * Makes connections that are idle, and on which a statement never ends. There is no server: what is put under stress is the memory
 * that threads share, not PostgreSQL.
 */
public final class IdleConnections {

    private static final PostgresqlStatement ENDLESS = stub(PostgresqlStatement.class, "execute", Flux.never());
    private static final PostgresqlConnection DRIVER = stub(PostgresqlConnection.class, "createStatement", ENDLESS);
    private static final Turns CANCELS = new Turns(1);
    private static final EventLoopGroup GROUP = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private static final ChannelTap SHARED = tap();

    private IdleConnections() {}

    /** A connection that shares its channel, which nothing is sent on, with all others. */
    public static PhysicalConnection idle() {
        return on(SHARED);
    }

    /** A connection with a channel of its own, which can be closed. */
    public static PhysicalConnection mortal() {
        return on(tap());
    }

    private static PhysicalConnection on(ChannelTap tap) {
        return new PhysicalConnection(DRIVER, tap, CANCELS, false);
    }

    private static ChannelTap tap() {
        LoopResources resources = new LoopResources() {
            @Override
            public <C extends Channel> C onChannel(Class<C> type, EventLoopGroup loops) {
                return type.cast(new EmbeddedChannel());
            }

            @Override
            public EventLoopGroup onServer(boolean useNative) {
                return GROUP;
            }
        };
        ConnectionString string = ConnectionString.parse("postgresql://nobody@127.0.0.1/none");
        ChannelTap tap = new ChannelTap(Sockets.of(string, resources), pipeline -> {});
        EmbeddedChannel channel = tap.onChannel(EmbeddedChannel.class, GROUP);
        channel.writeOutbound(Unpooled.buffer().writeInt(8).writeInt(196608));
        channel.writeInbound(Unpooled.buffer().writeByte('Z').writeInt(5).writeByte('I'));
        if (!on(tap).isIdle()) {
            throw new IllegalStateException("the connection does not come out idle");
        }
        return tap;
    }

    private static <T> T stub(Class<T> type, String method, Object answer) {
        return type.cast(
                Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, called, arguments) -> {
                    if (called.getName().equals(method)) {
                        return answer;
                    }
                    throw new UnsupportedOperationException(called.getName());
                }));
    }
}
