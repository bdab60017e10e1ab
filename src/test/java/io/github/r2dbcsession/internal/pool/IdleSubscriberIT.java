package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.netty.tcp.TcpResources;
import reactor.test.StepVerifier;

/** A subscriber that stops asking for rows and still gives its connection back. */
@DatabaseTest
class IdleSubscriberIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final TestDatabase server = TestDatabase.get();
    private final LeasePool pool = pool();

    @AfterEach
    void nothingIsLeft() {
        pool.close(Duration.ZERO).block(LIMIT);
        server.awaitNoBackends(TestDatabase.applicationName(IdleSubscriberIT.class));
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "0, 5000", "1, 5000", "300, 5000", "1, 2000000"})
    void doesNotHoldTheNextOneUpForLongerThanARecovery(int asked, int rows) {
        Lease lease = pool.acquire().block(LIMIT);
        StoppedSubscriber subscriber = new StoppedSubscriber(asked);
        rows(lease, rows).subscribe(subscriber);
        await().atMost(LIMIT).until(() -> subscriber.seen == Math.min(asked, rows));

        lease.release().block(LIMIT);

        await().atMost(Duration.ofSeconds(5)).until(() -> pool.stats().recovering() == 0);
        StepVerifier.create(Flux.usingWhen(pool.acquire(), next -> rows(next, 3), Lease::release))
                .expectNext(1, 2, 3)
                .expectComplete()
                .verify(LIMIT);
        assertThat(subscriber.seen).isEqualTo(Math.min(asked, rows));
    }

    private static Flux<Integer> rows(Lease lease, int count) {
        return lease.converse(
                "SELECT generate_series(1, " + count + ")",
                statement -> {},
                result -> result.map(row -> row.get(0, Integer.class)));
    }

    private LeasePool pool() {
        PoolSettings settings =
                PoolSettings.builder().maxSize(1).maxAcquireTime(LIMIT).build();
        Audience none = new Audience() {};
        return new LeasePool(
                "test",
                settings,
                new Connector(
                        ConnectionString.parse(server.url(IdleSubscriberIT.class)),
                        settings.maxCreateConnectionTime(),
                        TcpResources.get(),
                        none,
                        null),
                none);
    }

    private static final class StoppedSubscriber extends BaseSubscriber<Integer> {

        private final int asked;
        private volatile int seen;

        StoppedSubscriber(int asked) {
            this.asked = asked;
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            if (asked > 0) {
                subscription.request(asked);
            }
        }

        @Override
        protected void hookOnNext(Integer row) {
            seen = row;
        }
    }
}
