package io.github.r2dbcsession;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** Loads of one place: what waits and what is under way, both guarded by the loader. */
final class LoadGroup<K, V> {

    private final DefaultLoader<K, V> loader;
    private final AtomicInteger drains = new AtomicInteger();
    final LoadPlace place;
    final Set<Load<K, V>> waiting = new LinkedHashSet<>();
    int underWay;

    LoadGroup(DefaultLoader<K, V> loader, LoadPlace place) {
        this.loader = loader;
        this.place = place;
    }

    /** Starts what may start. One that ends as it starts has the next started by the loop, not on top of its stack. */
    void drain() {
        if (drains.getAndIncrement() != 0) {
            return;
        }
        int seen = 1;
        while (seen != 0) {
            LoadBatch<K, V> batch = loader.next(this);
            while (batch != null) {
                batch.start();
                batch = loader.next(this);
            }
            seen = drains.addAndGet(-seen);
        }
    }
}
