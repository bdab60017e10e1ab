package io.github.r2dbcsession;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.SignalType;
import reactor.util.context.Context;

/** The loads that one statement answers. Its rows are handed out when it has ended well, so that a load gets a row or an error. */
final class LoadBatch<K, V> extends BaseSubscriber<V> {

    private final DefaultLoader<K, V> loader;
    private final LoadGroup<K, V> group;
    private final Map<K, List<Load<K, V>>> loads = new LinkedHashMap<>();
    private final Map<K, List<V>> rows = new HashMap<>();
    private final AtomicInteger wanted = new AtomicInteger();
    private Context context = Context.empty();

    LoadBatch(DefaultLoader<K, V> loader, LoadGroup<K, V> group) {
        this.loader = loader;
        this.group = group;
    }

    /** Takes loads in their order until so many keys are together. The lock of the loader is held. */
    void fill(Iterator<Load<K, V>> waiting, int keys) {
        while (waiting.hasNext()) {
            Load<K, V> load = waiting.next();
            List<Load<K, V>> same = loads.get(load.key());
            if (same == null) {
                if (loads.size() == keys) {
                    return;
                }
                same = new ArrayList<>(1);
                loads.put(load.key(), same);
            }
            if (wanted.getAndIncrement() == 0) {
                context = load.context();
            }
            same.add(load);
            load.batch = this;
            waiting.remove();
        }
    }

    void start() {
        loader.rows(loads.keySet()).subscribe(this);
    }

    /** One of the loads is not wanted any more. */
    void leave() {
        if (wanted.decrementAndGet() == 0) {
            cancel();
        }
    }

    @Override
    public Context currentContext() {
        return context;
    }

    @Override
    protected void hookOnNext(V row) {
        K key = loader.keyOf(row);
        if (!loads.containsKey(key)) {
            throw new IllegalStateException(
                    "the loader's statement returned a row that was not asked for: its key is of "
                            + key.getClass() + ", keys asked for of "
                            + loads.keySet().iterator().next().getClass());
        }
        rows.computeIfAbsent(key, first -> new ArrayList<>(1)).add(row);
    }

    @Override
    protected void hookOnComplete() {
        loads.forEach((key, same) -> {
            List<V> found = rows.getOrDefault(key, List.of());
            for (Load<K, V> load : same) {
                load.end(found);
            }
        });
    }

    @Override
    protected void hookOnError(Throwable failure) {
        for (List<Load<K, V>> same : loads.values()) {
            for (Load<K, V> load : same) {
                load.fail(failure);
            }
        }
    }

    @Override
    protected void hookFinally(SignalType end) {
        loader.ended(group);
    }
}
