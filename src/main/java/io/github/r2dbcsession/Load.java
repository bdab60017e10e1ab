package io.github.r2dbcsession;

import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.util.context.Context;

/** One subscription to one row. It waits from its first request on, so that what comes is wanted. */
final class Load<K, V> implements Subscription {

    private enum State {
        NEW,
        WAITING,
        ENDED
    }

    private final DefaultLoader<K, V> loader;
    private final LoadPlace place;
    private final K key;
    private final CoreSubscriber<? super V> actual;
    private final AtomicReference<State> state = new AtomicReference<>(State.NEW);

    /** Guarded by the loader. */
    @Nullable
    LoadBatch<K, V> batch;

    Load(DefaultLoader<K, V> loader, LoadPlace place, K key, CoreSubscriber<? super V> actual) {
        this.loader = loader;
        this.place = place;
        this.key = key;
        this.actual = actual;
    }

    K key() {
        return key;
    }

    LoadPlace place() {
        return place;
    }

    Context context() {
        return actual.currentContext();
    }

    boolean hasEnded() {
        return state.get() == State.ENDED;
    }

    @Override
    public void request(long n) {
        if (state.compareAndSet(State.NEW, State.WAITING)) {
            loader.add(this);
        }
    }

    @Override
    public void cancel() {
        if (state.getAndSet(State.ENDED) == State.WAITING) {
            loader.cancel(this);
        }
    }

    void end(List<V> rows) {
        if (!state.compareAndSet(State.WAITING, State.ENDED)) {
            return;
        }
        if (rows.size() > 1) {
            actual.onError(TooManyRowsException.ofLoad());
            return;
        }
        if (!rows.isEmpty()) {
            actual.onNext(rows.get(0));
        }
        actual.onComplete();
    }

    void fail(Throwable failure) {
        if (state.compareAndSet(State.WAITING, State.ENDED)) {
            actual.onError(failure);
        }
    }
}
