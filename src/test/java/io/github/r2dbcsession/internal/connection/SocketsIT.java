package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.connection.ConnectListener;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.FaultProxy;
import io.github.r2dbcsession.testing.FaultProxy.Way;
import io.github.r2dbcsession.testing.TestDatabase;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioChannelOption;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.time.Duration;
import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.resources.LoopResources;
import reactor.test.StepVerifier;

/** The sockets behind the connections: their options, their event loops, how many there are, and that each has its end. */
@DatabaseTest
class SocketsIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final int LOOPS = 4;

    enum Transport {
        NATIVE,
        NIO
    }

    private final TestDatabase server = TestDatabase.get();
    private final String url = server.url(SocketsIT.class);
    private final String name = TestDatabase.applicationName(SocketsIT.class);
    private final LoopResources loops = LoopResources.create("sockets-it", 1, LOOPS, true);

    @AfterEach
    void nothingIsLeft() {
        server.awaitNoBackends(name);
        loops.dispose();
    }

    @ParameterizedTest
    @CsvSource({
        "NATIVE, '',                                                                  1, 60, 10, 3,    0",
        "NATIVE, &keepalives_idle=7&keepalives_interval=2&keepalives_count=5,         1,  7,  2, 5,    0",
        "NATIVE, &tcp_user_timeout=9000,                                              1, 60, 10, 3, 9000",
        "NIO,    '',                                                                  1, 60, 10, 3,    0",
        "NIO,    &keepalives_idle=7&keepalives_interval=2&keepalives_count=5,         1,  7,  2, 5,    0",
    })
    void tcpIsToldWhatTheStringSays(
            Transport transport, String options, int keepAlive, int idle, int interval, int count, int userTimeout) {
        PhysicalConnection connection =
                connector(url + options, transport).connect().block(LIMIT);
        Channel channel = connection.channel();

        assertThat(option(channel, ChannelOption.SO_KEEPALIVE)).isEqualTo(keepAlive == 1);
        if (channel instanceof EpollSocketChannel) {
            assertThat(transport).isEqualTo(Transport.NATIVE);
            assertThat(option(channel, EpollChannelOption.TCP_KEEPIDLE)).isEqualTo(idle);
            assertThat(option(channel, EpollChannelOption.TCP_KEEPINTVL)).isEqualTo(interval);
            assertThat(option(channel, EpollChannelOption.TCP_KEEPCNT)).isEqualTo(count);
            assertThat(option(channel, EpollChannelOption.TCP_USER_TIMEOUT)).isEqualTo(userTimeout);
        } else {
            assertThat(channel).isInstanceOf(NioSocketChannel.class);
            assertThat(option(channel, NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE)))
                    .isEqualTo(idle);
            assertThat(option(channel, NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPINTERVAL)))
                    .isEqualTo(interval);
            assertThat(option(channel, NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPCOUNT)))
                    .isEqualTo(count);
        }
        connection.close().block(LIMIT);
    }

    @ParameterizedTest
    @EnumSource
    void keepAliveCanBeSwitchedOffAndLeftToThePlatform(Transport transport) {
        PhysicalConnection off =
                connector(url + "&keepalives=0", transport).connect().block(LIMIT);
        PhysicalConnection platform =
                connector(url + "&keepalives_idle=0", transport).connect().block(LIMIT);

        assertThat(option(off.channel(), ChannelOption.SO_KEEPALIVE)).isFalse();
        assertThat(option(platform.channel(), ChannelOption.SO_KEEPALIVE)).isTrue();
        assertThat(idle(platform.channel())).isEqualTo(idle(off.channel())).isNotEqualTo(60);

        off.close().block(LIMIT);
        platform.close().block(LIMIT);
    }

    @ParameterizedTest
    @CsvSource({"NATIVE, 8", "NATIVE, 16", "NIO, 8", "NIO, 16"})
    void everyEventLoopHasAsManyConnectionsAsTheOthers(Transport transport, int connections) {
        Connector connector = connector(url, transport);
        List<PhysicalConnection> open = Flux.range(0, connections)
                .flatMap(i -> connector.connect(), connections)
                .collectList()
                .block(LIMIT);
        assertThat(spread(open).getCount()).isEqualTo(LOOPS);
        assertThat(spread(open).getMax()).isLessThanOrEqualTo(2 * spread(open).getMin());

        Flux.fromIterable(open.subList(0, connections / 2))
                .flatMap(PhysicalConnection::close)
                .blockLast(LIMIT);
        List<PhysicalConnection> later = new java.util.ArrayList<>(open.subList(connections / 2, connections));
        Mono<PhysicalConnection> chain = connector.connect();
        for (int i = 0; i < connections / 2; i++) {
            later.add(chain.block(LIMIT));
        }
        assertThat(spread(later).getMax()).isLessThanOrEqualTo(2 * spread(later).getMin());
        Flux.fromIterable(later).flatMap(PhysicalConnection::close).blockLast(LIMIT);
    }

    @Test
    void connectionsMadeOnAnEventLoopDoNotStayThere() {
        Connector connector = connector(url, Transport.NATIVE);
        List<PhysicalConnection> open = IntStream.range(0, 8)
                .boxed()
                .reduce(
                        Mono.<List<PhysicalConnection>>just(List.of()),
                        (made, i) -> made.flatMap(before -> connector
                                .connect()
                                .map(next -> java.util.stream.Stream.concat(
                                                before.stream(), java.util.stream.Stream.of(next))
                                        .toList())),
                        (one, other) -> other)
                .block(LIMIT);

        assertThat(spread(open).getCount()).isEqualTo(LOOPS);
        assertThat(spread(open).getMax()).isEqualTo(2);
        Flux.fromIterable(open).flatMap(PhysicalConnection::close).blockLast(LIMIT);
    }

    @Test
    void fewCancelRequestsAreUnderWayAtATime() {
        try (FaultProxy proxy = FaultProxy.before(server)) {
            int busy = 16;
            Connector connector = connector(proxy.url(server, SocketsIT.class), Transport.NATIVE);
            List<PhysicalConnection> open = Flux.range(0, busy)
                    .flatMap(i -> connector.connect(), busy)
                    .doOnNext(SocketsIT::sleep)
                    .collectList()
                    .block(LIMIT);
            awaitAsleep(busy);

            AtomicInteger ended = new AtomicInteger();
            CompletableFuture<Void> cancels = Flux.fromIterable(open)
                    .flatMap(connection -> connection.cancelStatement().doOnTerminate(ended::incrementAndGet), busy)
                    .then()
                    .toFuture();
            // A request that has begun is seen before one that has ended, so there are never more than this under way.
            int most = 0;
            while (!cancels.isDone()) {
                int begun = proxy.accepted() - busy;
                most = Math.max(most, begun - ended.get());
                LockSupport.parkNanos(50_000);
            }

            assertThat(cancels).succeedsWithin(LIMIT);
            assertThat(proxy.accepted()).isEqualTo(2 * busy);
            assertThat(most).isBetween(1, 4);
            await().atMost(LIMIT).until(() -> open.stream().allMatch(PhysicalConnection::isIdle));
            Flux.fromIterable(open).flatMap(PhysicalConnection::close, busy).blockLast(LIMIT);
        }
    }

    @Test
    void aCancelRequestThatCannotBeSeenToArriveClosesTheConnectionInTime() {
        try (FaultProxy proxy = FaultProxy.before(server)) {
            int busy = 16;
            Connector connector = connector(proxy.url(server, SocketsIT.class), Transport.NATIVE);
            List<PhysicalConnection> open = Flux.range(0, busy)
                    .flatMap(i -> connector.connect(), busy)
                    .doOnNext(SocketsIT::sleep)
                    .collectList()
                    .block(LIMIT);
            awaitAsleep(busy);
            proxy.swallow(Set.of(Way.TO_SERVER, Way.TO_CLIENT));

            long start = System.nanoTime();
            Mono<Duration> control =
                    Mono.delay(Duration.ofSeconds(1)).map(tick -> Duration.ofNanos(System.nanoTime() - start));
            Mono<Duration> cancels = Flux.fromIterable(open)
                    .flatMap(connection -> connection.cancelStatement().onErrorComplete(), busy)
                    .then(Mono.fromSupplier(() -> Duration.ofNanos(System.nanoTime() - start)));
            Mono<Long> underWay = Mono.delay(Duration.ofMillis(500))
                    .map(tick -> proxy.openings().stream()
                            .filter(opening -> opening == FaultProxy.CANCEL_REQUEST)
                            .count());
            var seen = Mono.zip(cancels, control, underWay).block(LIMIT);

            assertThat(seen.getT1().minus(seen.getT2())).as("overrun").isLessThan(Duration.ofMillis(250));
            assertThat(seen.getT3()).as("at a time").isBetween(1L, 4L);

            assertThat(open).noneMatch(PhysicalConnection::isOpen);
            await().atMost(LIMIT).until(() -> proxy.open() == 0);
            proxy.heal();
        }
        server.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?",
                row -> row.getBoolean(1),
                name);
    }

    @Test
    void aCancelRequestThatIsLateMeetsNobody() {
        try (FaultProxy proxy = FaultProxy.before(server)) {
            proxy.swallowOpening(FaultProxy.CANCEL_REQUEST);
            PhysicalConnection connection = connector(proxy.url(server, SocketsIT.class), Transport.NATIVE)
                    .connect()
                    .block(LIMIT);
            connection
                    .converse("SELECT pg_sleep(0.3)", statement -> {}, Result::getRowsUpdated)
                    .subscribe();

            StepVerifier.create(connection.cancelStatement())
                    .expectSubscription()
                    .then(() -> await().atMost(LIMIT).until(connection::isIdle))
                    .expectError(TimeoutException.class)
                    .verify(LIMIT);

            assertThat(connection.isOpen())
                    .as("open, though the request may still arrive")
                    .isFalse();
            await().atMost(LIMIT).until(() -> proxy.open() == 0);
        }
    }

    @Test
    void everyWaitOnASilentServerEnds() {
        try (FaultProxy proxy = FaultProxy.before(server)) {
            Connector connector = connector(proxy.url(server, SocketsIT.class), Transport.NATIVE);
            PhysicalConnection closing = connector.connect().block(LIMIT);
            PhysicalConnection settling = connector.connect().block(LIMIT);
            PhysicalConnection invalid = connector.connect().block(LIMIT);
            Flux.just(settling, invalid).subscribe(SocketsIT::sleep);
            awaitAsleep(2);
            proxy.swallow(Set.of(Way.TO_SERVER, Way.TO_CLIENT));

            StepVerifier.create(settling.settle(Duration.ofMillis(100)))
                    .expectComplete()
                    .verify(LIMIT);
            assertThat(settling.isQuiet()).isFalse();
            StepVerifier.create(Flux.merge(closing.close(), settling.close(), invalid.invalidate()))
                    .expectComplete()
                    .verify(Duration.ofSeconds(4));
            await().atMost(LIMIT).until(() -> proxy.open() == 0);
            proxy.heal();
        }
        server.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = ?",
                row -> row.getBoolean(1),
                name);
    }

    private static void sleep(PhysicalConnection connection) {
        connection
                .converse("SELECT pg_sleep(60)", statement -> {}, Result::getRowsUpdated)
                .onErrorComplete(R2dbcException.class)
                .subscribe();
    }

    private void awaitAsleep(int count) {
        await().atMost(LIMIT)
                .until(() -> server.backends(name).stream()
                                .filter(backend -> "PgSleep".equals(backend.waitEvent()))
                                .count()
                        == count);
    }

    private static IntSummaryStatistics spread(List<PhysicalConnection> connections) {
        Map<EventLoop, Integer> counts = connections.stream()
                .collect(Collectors.groupingBy(
                        connection -> connection.channel().eventLoop(), Collectors.summingInt(connection -> 1)));
        return counts.values().stream().mapToInt(count -> count).summaryStatistics();
    }

    private static <T> T option(Channel channel, ChannelOption<T> option) {
        return channel.config().getOption(option);
    }

    private static Integer idle(Channel channel) {
        return channel instanceof EpollSocketChannel
                ? option(channel, EpollChannelOption.TCP_KEEPIDLE)
                : option(channel, NioChannelOption.of(ExtendedSocketOptions.TCP_KEEPIDLE));
    }

    private Connector connector(String url, Transport transport) {
        LoopResources resources = transport == Transport.NATIVE ? loops : new Nio(loops);
        return new Connector(ConnectionString.parse(url), LIMIT, resources, new ConnectListener() {});
    }

    /** Keeps to NIO where there is a native transport. */
    private record Nio(LoopResources loops) implements LoopResources {

        @Override
        public EventLoopGroup onClient(boolean useNative) {
            return loops.onClient(false);
        }

        @Override
        public <C extends Channel> C onChannel(Class<C> type, EventLoopGroup group) {
            return loops.onChannel(type, group);
        }

        @Override
        public EventLoopGroup onServer(boolean useNative) {
            return loops.onServer(false);
        }
    }
}
