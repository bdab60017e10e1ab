package io.github.r2dbcsession;

import io.github.r2dbcsession.pool.PoolEvent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.BufferOverflowStrategy;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Passes what a listener hears on to one subscriber. */
final class PoolEvents implements DatabaseListener {

    static final int KEPT = 1_024;

    private final String name;
    private final FluxSink<PoolEvent> sink;

    private PoolEvents(String name, FluxSink<PoolEvent> sink) {
        this.name = name;
        this.sink = sink;
    }

    /**
     * Emits the events of a database from the subscription on. Listens only while somebody is subscribed.
     *
     * @param closed ends when the last event has been told
     */
    static Flux<PoolEvent> of(Database database, Mono<?> closed) {
        return Flux.defer(() -> {
            AtomicLong missed = new AtomicLong();
            return Flux.<PoolEvent>create(sink -> listen(database, closed, sink), FluxSink.OverflowStrategy.IGNORE)
                    .onBackpressureBuffer(KEPT, event -> missed.incrementAndGet(), BufferOverflowStrategy.DROP_OLDEST)
                    .publishOn(Schedulers.parallel(), 1)
                    .concatMapIterable(event -> withMissed(database.name(), missed, event), 1);
        });
    }

    private static void listen(Database database, Mono<?> closed, FluxSink<PoolEvent> sink) {
        Disposable listening = database.listen(new PoolEvents(database.name(), sink));
        sink.onDispose(Disposables.composite(listening, closed.subscribe(report -> sink.complete())));
    }

    private static List<PoolEvent> withMissed(String name, AtomicLong missed, PoolEvent event) {
        long events = missed.getAndSet(0);
        return events == 0 ? List.of(event) : List.of(new PoolEvent.Missed(name, events), event);
    }

    @Override
    public void onConnect(Duration duration) {
        sink.next(new PoolEvent.Connected(name, duration));
    }

    @Override
    public void onConnectFailure(Throwable failure, Duration duration) {
        sink.next(new PoolEvent.ConnectFailed(name, failure, duration));
    }

    @Override
    public void onAcquire(Duration wait) {
        sink.next(new PoolEvent.Acquired(name, wait));
    }

    @Override
    public void onAcquireFailure(Throwable failure, Duration wait) {
        sink.next(new PoolEvent.AcquireFailed(name, failure, wait));
    }

    @Override
    public void onAcquireCancel(Duration wait) {
        sink.next(new PoolEvent.AcquireCancelled(name, wait));
    }

    @Override
    public void onRecover(Duration duration) {
        sink.next(new PoolEvent.Recovered(name, duration));
    }

    @Override
    public void onRelease(Duration use) {
        sink.next(new PoolEvent.Released(name, use));
    }

    @Override
    public void onInvalidate(Duration use) {
        sink.next(new PoolEvent.Invalidated(name, use));
    }

    @Override
    public void onEvent(PoolEvent event) {
        sink.next(event);
    }
}
