package io.github.r2dbcsession;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Operators;
import reactor.util.context.ContextView;

/** Keeps the loads of each place apart. All of their books are kept under the one lock of the loader. */
final class DefaultLoader<K, V> implements Loader<K, V> {

    private static final int KEYS = 1_000;
    private static final int STATEMENTS = 2;

    private final Function<? super Collection<K>, Flux<V>> statement;
    private final Function<? super V, ? extends K> key;
    private final Function<ContextView, LoadPlace> place;
    private final int keys;
    private final int statements;
    private final Map<LoadPlace, LoadGroup<K, V>> groups = new HashMap<>();

    private DefaultLoader(
            Function<? super Collection<K>, Flux<V>> statement,
            Function<? super V, ? extends K> key,
            Function<ContextView, LoadPlace> place,
            int keys,
            int statements) {
        this.statement = statement;
        this.key = Objects.requireNonNull(key, "key");
        this.place = place;
        this.keys = keys;
        this.statements = statements;
    }

    /**
     * Returns a loader with the default limits.
     *
     * @param statement reads the rows of some keys, with the subscriber's Context
     * @param place tells of a Context which loads may be gathered
     */
    static <K, V> Loader<K, V> of(
            Function<? super Collection<K>, Flux<V>> statement,
            Function<? super V, ? extends K> key,
            Function<ContextView, LoadPlace> place) {
        return new DefaultLoader<>(statement, key, place, KEYS, STATEMENTS);
    }

    @Override
    public Loader<K, V> limits(int newKeys, int newStatements) {
        if (newKeys < 1 || newStatements < 1) {
            throw new IllegalArgumentException(
                    "keys and statements must be at least 1, were " + newKeys + " and " + newStatements);
        }
        return new DefaultLoader<>(statement, key, place, newKeys, newStatements);
    }

    @Override
    public Mono<V> load(K wanted) {
        Objects.requireNonNull(wanted, "key");
        return new Mono<>() {
            @Override
            public void subscribe(CoreSubscriber<? super V> actual) {
                try {
                    LoadPlace here = place.apply(actual.currentContext());
                    actual.onSubscribe(new Load<>(DefaultLoader.this, here, wanted, actual));
                } catch (ContextValueException unfit) {
                    Operators.error(actual, unfit);
                }
            }
        };
    }

    Flux<V> rows(Collection<K> wanted) {
        return statement.apply(wanted);
    }

    K keyOf(V row) {
        return Objects.requireNonNull(key.apply(row), "the function that tells a row's key returned null");
    }

    void add(Load<K, V> load) {
        LoadGroup<K, V> group;
        synchronized (this) {
            // A cancel either is seen here or sees the load waiting.
            if (load.hasEnded()) {
                return;
            }
            group = groups.computeIfAbsent(load.place(), first -> new LoadGroup<>(this, first));
            group.waiting.add(load);
        }
        group.drain();
    }

    /** Takes a load out that is not wanted any more; what is left of its statement's loads decides about that. */
    void cancel(Load<K, V> load) {
        LoadBatch<K, V> batch;
        synchronized (this) {
            LoadGroup<K, V> group = groups.get(load.place());
            if (group != null && group.waiting.remove(load)) {
                return;
            }
            batch = load.batch;
        }
        if (batch != null) {
            batch.leave();
        }
    }

    /** The next statement of a group; null when it has to wait, or nothing waits for it. */
    synchronized @Nullable LoadBatch<K, V> next(LoadGroup<K, V> group) {
        int most = group.place.isShared() ? 1 : statements;
        if (group.waiting.isEmpty() || group.underWay >= most) {
            return null;
        }
        group.underWay++;
        LoadBatch<K, V> batch = new LoadBatch<>(this, group);
        batch.fill(group.waiting.iterator(), keys);
        return batch;
    }

    void ended(LoadGroup<K, V> group) {
        synchronized (this) {
            group.underWay--;
            if (group.underWay == 0 && group.waiting.isEmpty()) {
                groups.remove(group.place, group);
            }
        }
        group.drain();
    }
}
