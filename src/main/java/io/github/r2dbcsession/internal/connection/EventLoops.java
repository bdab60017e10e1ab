package io.github.r2dbcsession.internal.connection;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import reactor.netty.resources.LoopResources;

/**
 * Gives each physical connection the event loop that has the fewest. Left to themselves, connections made on an event loop stay there,
 * and with epoll every second loop gets none. Thread-safe.
 */
final class EventLoops {

    /** A place on an event loop, for one physical connection. */
    final class Place {

        private final EventLoopGroup group;
        private final EventLoop loop;
        private final AtomicBoolean left = new AtomicBoolean();

        private Place(EventLoopGroup group, EventLoop loop) {
            this.group = group;
            this.loop = loop;
        }

        /** The group that the loop is of, by which the kind of channel is chosen. */
        EventLoopGroup group() {
            return group;
        }

        EventLoop loop() {
            return loop;
        }

        /** Gives the place up; once counts. */
        void leave() {
            if (left.compareAndSet(false, true)) {
                connections.merge(loop, -1, Integer::sum);
            }
        }
    }

    private final LoopResources resources;
    private final Map<EventLoop, Integer> connections = new ConcurrentHashMap<>();

    EventLoops(LoopResources resources) {
        this.resources = resources;
    }

    LoopResources resources() {
        return resources;
    }

    /** Takes a place; among loops with equally many connections, chance decides. */
    synchronized Place take(boolean useNative) {
        EventLoopGroup group = resources.onClient(useNative);
        List<EventLoop> loops = new ArrayList<>();
        for (EventExecutor loop : group) {
            loops.add((EventLoop) loop);
        }
        int first = ThreadLocalRandom.current().nextInt(loops.size());
        EventLoop chosen = loops.get(first);
        for (int i = 1; i < loops.size(); i++) {
            EventLoop other = loops.get((first + i) % loops.size());
            if (count(other) < count(chosen)) {
                chosen = other;
            }
        }
        connections.merge(chosen, 1, Integer::sum);
        return new Place(group, chosen);
    }

    private int count(EventLoop loop) {
        return Objects.requireNonNullElse(connections.get(loop), 0);
    }
}
