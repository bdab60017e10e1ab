package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FaultProxy;
import io.github.r2dbcsession.testing.FaultProxy.Way;
import io.github.r2dbcsession.testing.TestDatabase;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider;
import io.r2dbc.spi.Connection;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.tcp.TcpResources;

/** Every place of the pool is taken by a connect that hangs: whoever waits is served soon after the server is back. */
@DatabaseTest
class HangingConnectIT {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration HEALING = Duration.ofMillis(500);

    private final TestDatabase server = TestDatabase.get();
    private final String name = TestDatabase.applicationName(HangingConnectIT.class);

    @AfterEach
    void nothingIsLeft() {
        server.awaitNoBackends(name);
    }

    /** One permit, some, all but those in use: whatever hangs in them must not keep the pool from a server that is back. */
    @ParameterizedTest
    @CsvSource({"1, 0, 1", "3, 0, 5", "3, 2, 1"})
    void workGoesOnSoonAfterALinkHealsThatEveryConnectHangsIn(int maxSize, int held, int callers) {
        try (FaultProxy proxy = FaultProxy.before(server)) {
            LeasePool pool = pool(
                    proxy.url(server, HangingConnectIT.class),
                    PoolSettings.builder()
                            .maxSize(maxSize)
                            .maxAcquireTime(LIMIT)
                            .maxCreateConnectionTime(LIMIT)
                            .build());
            release(hold(pool, maxSize));
            List<Lease> out = hold(pool, held);
            pool.evictIdle().block(LIMIT);
            await().atMost(LIMIT).until(() -> server.backends(name).size() == held);
            long before = System.nanoTime();
            Duration usual = bareConnect(proxy).map(made -> since(before)).block(LIMIT);
            proxy.swallow(Set.of(Way.TO_SERVER, Way.TO_CLIENT));
            List<Mono<Long>> work = new ArrayList<>();
            for (int i = 0; i < callers; i++) {
                Mono<Long> call = use(pool, "SELECT 1").next().cache();
                call.subscribe();
                work.add(call);
            }
            Mono.delay(Duration.ofMillis(1_700)).block(LIMIT);

            proxy.heal();
            long healed = System.nanoTime();
            Mono<Duration> served = Flux.merge(work).next().map(answer -> since(healed));
            Mono<Duration> timer = Mono.delay(HEALING).map(tick -> since(healed));
            var times = Mono.zip(served, bareConnect(proxy).map(made -> since(healed)), timer)
                    .block(LIMIT);
            System.out.printf(
                    "%d of %d held, healed in %s; bare connects took %s and %s, a timer of %s %s%n",
                    held, maxSize, times.getT1(), usual, times.getT2(), HEALING, times.getT3());

            // A connect counts as one that hangs after three times what one took; then comes one more.
            assertThat(times.getT1())
                    .isLessThan(usual.plus(times.getT2()).multipliedBy(3).plus(times.getT3()));
            assertThat(Flux.merge(work).count().block(LIMIT)).isEqualTo(callers);
            release(out);
            pool.close(Duration.ZERO).block(LIMIT);
            await().atMost(LIMIT).until(() -> proxy.open() == 0);
        }
    }

    @Test
    void aPoolOfOneWaitsForAServerThatHasBecomeSlow() {
        try (FaultProxy proxy = FaultProxy.before(server)) {
            LeasePool pool = pool(
                    proxy.url(server, HangingConnectIT.class),
                    PoolSettings.builder().maxSize(1).maxAcquireTime(LIMIT).build());
            release(hold(pool, 1));
            pool.evictIdle().block(LIMIT);
            await().atMost(LIMIT).until(() -> proxy.open() == 0);
            // A connect takes several answers.
            proxy.delay(Duration.ofMillis(150));

            assertThat(use(pool, "SELECT 1").count().block(LIMIT)).isEqualTo(1);
            pool.close(Duration.ZERO).block(LIMIT);
        }
    }

    private Mono<Boolean> bareConnect(FaultProxy proxy) {
        ConnectionString string = ConnectionString.parse(proxy.url(server, HangingConnectIT.class));
        return Mono.usingWhen(
                new PostgresqlConnectionFactory(
                                PostgresqlConnectionFactoryProvider.builder(string.toConnectionFactoryOptions())
                                        .build())
                        .create(),
                connection -> Mono.just(true),
                Connection::close);
    }

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private static List<Lease> hold(LeasePool pool, int leases) {
        return Flux.range(0, leases)
                .concatMap(i -> pool.acquire())
                .collectList()
                .block(LIMIT);
    }

    private static void release(List<Lease> leases) {
        Flux.fromIterable(leases).flatMap(Lease::release).blockLast(LIMIT);
    }

    private static Flux<Long> use(LeasePool pool, String sql) {
        return Flux.usingWhen(
                pool.acquire(), lease -> lease.converse(sql, statement -> {}, Result::getRowsUpdated), Lease::release);
    }

    private static LeasePool pool(String url, PoolSettings settings) {
        Connector connector = new Connector(
                ConnectionString.parse(url), settings.maxCreateConnectionTime(), TcpResources.get(), Audience.NOBODY);
        return new LeasePool("test", settings, connector, Audience.NOBODY);
    }
}
