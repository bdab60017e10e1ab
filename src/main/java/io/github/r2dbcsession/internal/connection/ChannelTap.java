package io.github.r2dbcsession.internal.connection;

import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.EventLoopGroup;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import reactor.netty.resources.LoopResources;

/**
 * Catches the channels that the driver opens for one physical connection, the session's own and those of its cancel requests, so that
 * they can be watched and closed. The driver offers no other way to its sockets. Thread-safe.
 */
final class ChannelTap implements LoopResources {

    /** A channel with the handlers that watch it and speak on it. */
    record Tapped(Channel channel, Wire wire, Interceptor interceptor) {

        /** How far it has come: the wire learns of an open channel when TLS has been settled. */
        ConnectPhase phase() {
            ConnectPhase phase = wire.phase();
            return phase == ConnectPhase.CONNECT && channel.isActive() ? ConnectPhase.TLS : phase;
        }

        /** Closes the channel, which a channel not registered yet cannot do by itself. */
        void close() {
            wire.leave();
            if (channel.isRegistered()) {
                channel.close();
            } else {
                channel.unsafe().closeForcibly();
            }
        }
    }

    private final Sockets sockets;
    private final List<Tapped> channels = new CopyOnWriteArrayList<>();
    private final Consumer<ChannelPipeline> guard;
    private volatile EventLoops.@Nullable Place place;
    private volatile @Nullable Tapped newest;
    private volatile boolean killed;

    /**
     * Catches the channels of one connection, all on one event loop.
     *
     * @param guard puts handlers in front of each channel's, nearest to the server
     */
    ChannelTap(Sockets sockets, Consumer<ChannelPipeline> guard) {
        this.sockets = sockets;
        this.guard = guard;
    }

    @Override
    public <C extends Channel> C onChannel(Class<C> type, EventLoopGroup group) {
        C channel = sockets.loops().resources().onChannel(type, group(group));
        sockets.options().applyTo(channel);
        Wire wire = new Wire();
        Tapped tapped = new Tapped(channel, wire, new Interceptor(wire.fromServer()));
        guard.accept(channel.pipeline());
        channel.pipeline().addLast(wire).addLast(tapped.interceptor());
        newest = tapped;
        channels.add(tapped);
        channel.closeFuture().addListener(closed -> {
            channels.remove(tapped);
            if (channels.isEmpty()) {
                leave();
            }
        });
        if (killed) {
            tapped.close();
        }
        return channel;
    }

    @Override
    public <C extends Channel> Class<? extends C> onChannelClass(Class<C> type, EventLoopGroup group) {
        return sockets.loops().resources().onChannelClass(type, group(group));
    }

    @Override
    public EventLoopGroup onClient(boolean useNative) {
        EventLoops.Place taken = place;
        if (taken == null) {
            taken = sockets.loops().take(useNative);
            place = taken;
            if (killed) {
                taken.leave();
            }
        }
        return taken.loop();
    }

    @Override
    public EventLoopGroup onServer(boolean useNative) {
        return sockets.loops().resources().onServer(useNative);
    }

    @Override
    public EventLoopGroup onServerSelect(boolean useNative) {
        return sockets.loops().resources().onServerSelect(useNative);
    }

    @Override
    public boolean daemon() {
        return sockets.loops().resources().daemon();
    }

    /**
     * The channel that carries the session.
     *
     * @throws IllegalStateException when it has closed, or no startup message was sent yet
     */
    Tapped session() {
        for (Tapped tapped : channels) {
            if (tapped.wire().purpose() == Wire.Purpose.SESSION) {
                return tapped;
            }
        }
        throw new IllegalStateException("the channel of the session has closed");
    }

    /** How far the newest channel has come. */
    ConnectPhase phase() {
        Tapped tapped = newest;
        return tapped == null ? ConnectPhase.CONNECT : tapped.phase();
    }

    boolean killed() {
        return killed;
    }

    /** Closes every channel, and each that is still to come. */
    void kill() {
        killed = true;
        channels.forEach(Tapped::close);
        leave();
    }

    private EventLoopGroup group(EventLoopGroup asked) {
        EventLoops.Place taken = place;
        return taken == null ? asked : taken.group();
    }

    private void leave() {
        EventLoops.Place taken = place;
        if (taken != null) {
            taken.leave();
        }
    }
}
