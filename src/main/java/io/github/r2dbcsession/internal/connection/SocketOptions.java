package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.ConnectionString;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import java.net.SocketOption;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What TCP is told about each socket: when to ask whether the other side is still there, and how long to wait for what it owes.
 * Thread-safe.
 *
 * <p>An idle link is asked after 60 s, three times 10 s apart, where the string says nothing; the platform's two hours are longer than
 * most firewalls remember a connection. How long sent data may stay unacknowledged is left to the platform, as libpq leaves it: the same
 * clock runs while the server takes a rest from reading, as one that waits for a lock during COPY does.
 */
final class SocketOptions {

    private static final Logger log = LoggerFactory.getLogger(SocketOptions.class);
    private static final Map<String, Integer> DEFAULTS =
            Map.of("keepalives_idle", 60, "keepalives_interval", 10, "keepalives_count", 3);

    /** A number that the platform takes; the two kinds of channel know it by different names. */
    private record Setting(String name, int value, List<ChannelOption<Integer>> options) {

        boolean applyTo(Channel channel) {
            return options.stream().anyMatch(option -> channel.config().setOption(option, value));
        }
    }

    private final List<Setting> settings;
    private final AtomicBoolean told = new AtomicBoolean();

    private SocketOptions(List<Setting> settings) {
        this.settings = settings;
    }

    static SocketOptions of(ConnectionString string) {
        boolean keepAlive = !"0".equals(string.options().get("keepalives"));
        return new SocketOptions(Stream.of(
                        setting(string, "keepalives_idle", "TCP_KEEPIDLE", ExtendedSocketOptions.TCP_KEEPIDLE),
                        setting(string, "keepalives_interval", "TCP_KEEPINTVL", ExtendedSocketOptions.TCP_KEEPINTERVAL),
                        setting(string, "keepalives_count", "TCP_KEEPCNT", ExtendedSocketOptions.TCP_KEEPCOUNT),
                        setting(string, "tcp_user_timeout", "TCP_USER_TIMEOUT", null))
                .filter(setting -> setting.value > 0)
                .filter(setting -> keepAlive || !setting.name.startsWith("keepalives"))
                .toList());
    }

    /** Epoll's options are asked for by name, so that its classes may be absent. */
    private static Setting setting(
            ConnectionString string, String name, String epoll, @Nullable SocketOption<Integer> nio) {
        String stated = string.options().get(name);
        int value = stated == null ? DEFAULTS.getOrDefault(name, 0) : Integer.parseInt(stated);
        ChannelOption<Integer> ofEpoll = ChannelOption.valueOf("io.netty.channel.epoll.EpollChannelOption#" + epoll);
        return new Setting(name, value, nio == null ? List.of(ofEpoll) : List.of(ofEpoll, NioChannelOption.of(nio)));
    }

    /** Sets them on a channel that is not registered yet. Warns once of what was asked for and cannot be had here. */
    void applyTo(Channel channel) {
        if (!(channel instanceof SocketChannel)) {
            return;
        }
        for (Setting setting : settings) {
            if (!setting.applyTo(channel) && !DEFAULTS.containsKey(setting.name) && told.compareAndSet(false, true)) {
                log.warn(
                        "{}: has no effect with {}; it needs Linux and Netty's native epoll transport",
                        setting.name,
                        channel.getClass().getSimpleName());
            }
        }
    }
}
