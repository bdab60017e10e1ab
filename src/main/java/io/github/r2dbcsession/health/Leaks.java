package io.github.r2dbcsession.health;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.pool.Holder;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Connections that have been out longer than {@code leakDetectionThreshold}.
 *
 * @param connections how many
 * @param longest for how long the first of them
 * @param limit the threshold
 */
record Leaks(int connections, Duration longest, Duration limit) {

    static Optional<Leaks> of(Database database) {
        return database.poolSettings().leakDetectionThreshold().flatMap(limit -> of(database.holders(), limit));
    }

    private static Optional<Leaks> of(List<Holder> holders, Duration limit) {
        List<Duration> suspects = holders.stream()
                .map(Holder::held)
                .filter(held -> held.compareTo(limit) >= 0)
                .toList();
        return suspects.stream().findFirst().map(longest -> new Leaks(suspects.size(), longest, limit));
    }
}
