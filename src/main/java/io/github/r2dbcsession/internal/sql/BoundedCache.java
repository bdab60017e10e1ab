package io.github.r2dbcsession.internal.sql;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * Remembers what was computed for at most so many keys, forgetting those not asked for lately.
 *
 * <p>Two generations of half the size each: a key found in the old one moves to the young one; when the young one is full
 * it becomes the old one. Reads take no lock. Thread-safe.
 */
public final class BoundedCache<K, V> {

    private final int half;
    private volatile Map<K, V> young = new ConcurrentHashMap<>();
    private volatile Map<K, V> old = Map.of();

    /** Starts empty. */
    public BoundedCache(int size) {
        this.half = Math.max(1, size / 2);
    }

    /** The value of a key, computed when it is not remembered; two callers may do that at once. */
    public V get(K key, Function<? super K, ? extends V> compute) {
        V value = young.get(key);
        if (value != null) {
            return value;
        }
        value = old.get(key);
        if (value == null) {
            value = compute.apply(key);
        }
        keep(key, value);
        return value;
    }

    int size() {
        return young.size() + old.size();
    }

    private synchronized void keep(K key, V value) {
        if (young.size() >= half) {
            old = young;
            young = new ConcurrentHashMap<>();
        }
        young.put(key, value);
    }
}
