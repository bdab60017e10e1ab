package io.github.r2dbcsession;

import io.github.r2dbcsession.Notification.Cause;
import io.github.r2dbcsession.Notification.Gap;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.scheduler.Schedulers;

/** What one subscriber gets of a channel: kept for it up to a bound, beyond which the oldest are dropped and a gap is marked. */
final class Notifications {

    static final int KEPT = 1_024;

    private Notifications() {}

    static Flux<Notification> of(Listening listening, String channel) {
        return Flux.defer(() -> {
            // By their numbers, for what was taken out before others were dropped is still on its way.
            AtomicLong expected = new AtomicLong();
            return Flux.<Notification>create(sink -> listening.add(channel, sink), FluxSink.OverflowStrategy.IGNORE)
                    .index()
                    .onBackpressureBuffer(KEPT, oldest -> {}, BufferOverflowStrategy.DROP_OLDEST)
                    .publishOn(Schedulers.parallel(), 1)
                    .concatMapIterable(
                            next -> expected.getAndSet(next.getT1() + 1) == next.getT1()
                                    ? List.of(next.getT2())
                                    : List.of(new Gap(channel, Cause.OVERFLOWED), next.getT2()),
                            1);
        });
    }
}
