package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.pool.AcquireTimeoutException;
import io.github.r2dbcsession.pool.PoolStats;
import io.r2dbc.spi.R2dbcRollbackException;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetriesTest {

    private final Retries retries = new Retries();

    @Test
    void whereNothingSucceedsATenthOfTheBlocksIsRunAgainBeyondTheReserve() {
        long taken = IntStream.range(0, 10_000)
                .filter(block -> {
                    retries.began();
                    return retries.take();
                })
                .count();

        assertThat(taken).isBetween(1_000L, 1_100L);
    }

    @Test
    void aServerThatCommitsIsNotHeldBack() {
        IntStream.range(0, 200).forEach(i -> retries.take());
        assertThat(retries.take()).isFalse();

        retries.committed();
        assertThat(IntStream.range(0, 20).filter(i -> retries.take()).count()).isEqualTo(10);
    }

    @ParameterizedTest
    @CsvSource({"1, 10", "2, 20", "3, 40", "6, 320", "7, 500", "100, 500"})
    void aPauseIsAnywhereBelowItsLimit(int retry, int limit) {
        double[] pauses = IntStream.range(0, 20_000)
                .mapToDouble(i -> Retries.pause(retry).toNanos() / 1e6)
                .sorted()
                .toArray();

        assertThat(pauses[0]).isNotNegative();
        assertThat(pauses[pauses.length - 1]).isLessThan(limit);
        double farthest = IntStream.range(0, pauses.length)
                .mapToDouble(i -> Math.abs(pauses[i] / limit - (i + 0.5) / pauses.length))
                .max()
                .orElseThrow();
        assertThat(farthest).as("Kolmogorov-Smirnov distance from uniform").isLessThan(0.025);
    }

    @Test
    void onlyConflictsAndWhatWasNotSentAreWorthIt() {
        ConnectFailedException refused =
                new ConnectFailedException(ConnectFailedException.Reason.REFUSED, "refused", "08001", null);
        PoolStats stats =
                new PoolStats("shop", 0, 0, 0, 1, 1, PoolSettings.defaults().maxSize(), 0);

        assertThat(Retries.worthwhile(refused)).isTrue();
        assertThat(Retries.worthwhile(new NotSentException("session on shop", Phase.UNSENT, null)))
                .isTrue();
        assertThat(Retries.worthwhile(new IllegalStateException(new R2dbcRollbackException("conflict", "40001"))))
                .isTrue();

        assertThat(Retries.worthwhile(
                        new AcquireTimeoutException(stats, Duration.ofSeconds(1), "the last connect failed", refused)))
                .as("waited in vain")
                .isFalse();
        assertThat(Retries.worthwhile(new CommitUnknownException("transaction on shop", refused, null, null)))
                .isFalse();
        assertThat(Retries.worthwhile(new NotCommittedException("transaction on shop", null)))
                .isFalse();
        assertThat(Retries.worthwhile(new IllegalStateException())).isFalse();
    }
}
