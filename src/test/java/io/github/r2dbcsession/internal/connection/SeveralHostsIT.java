package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.HostAndPort;
import io.github.r2dbcsession.config.ServerRole;
import io.github.r2dbcsession.connection.AuthenticationFailedException;
import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.connection.ConnectListener;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import io.github.r2dbcsession.connection.NoSuitableHostException;
import io.github.r2dbcsession.testing.FakeServer;
import io.github.r2dbcsession.testing.PrimaryAndStandby;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.netty.tcp.TcpResources;
import reactor.test.StepVerifier;

@Tag("own-server")
class SeveralHostsIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String NAME = "SeveralHostsIT";

    private static PrimaryAndStandby servers;

    @BeforeAll
    static void start() throws IOException {
        servers = PrimaryAndStandby.start();
    }

    @AfterAll
    static void stop() throws IOException {
        await().atMost(LIMIT).until(() -> servers.sessions(NAME) == 0);
        servers.close();
    }

    @Test
    void takesTheFirstHostThatCanBeConnectedTo() {
        assertThat(port(connector(
                        LIMIT, "127.0.0.1:" + closed() + ",127.0.0.1:" + servers.primaryPort() + ",127.0.0.1:1", "")))
                .isEqualTo(servers.primaryPort());
    }

    @Test
    void socketsAndIpv6AddressesCanBeAmongTheHosts() {
        String socket = servers.sockets().toString().replace("/", "%2F") + ":" + servers.primaryPort();

        assertThat(port(connector(LIMIT, "[::1]:" + closed() + "," + socket, "")))
                .as("a socket has no port of its own")
                .isEqualTo(0);
        assertThat(port(connector(LIMIT, socket, "target_session_attrs=primary")))
                .isEqualTo(0);
    }

    @Test
    void silentHostsLeaveTheOthersAFairShareOfTheTime() {
        try (FakeServer one = FakeServer.silent();
                FakeServer two = FakeServer.silent();
                FakeServer three = FakeServer.silent()) {
            String hosts = "127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d"
                    .formatted(one.port(), two.port(), three.port(), servers.primaryPort());
            Connector connector = connector(Duration.ofSeconds(4), hosts, "");

            assertThat(port(connector)).isEqualTo(servers.primaryPort());
            assertThat(List.of(one.accepted(), two.accepted(), three.accepted()))
                    .containsOnly(1);
            await().atMost(LIMIT).until(() -> one.open() + two.open() + three.open() == 0);

            assertThat(port(connector)).isEqualTo(servers.primaryPort());
            assertThat(List.of(one.accepted(), two.accepted(), three.accepted()))
                    .as("what failed lately is tried last")
                    .containsOnly(1);
        }
    }

    @Test
    void hostsThatAreAllSilentEndAtTheOneLimit() {
        try (FakeServer one = FakeServer.silent();
                FakeServer two = FakeServer.silent()) {
            Connector connector = connector(
                    Duration.ofMillis(600), "127.0.0.1:%d,127.0.0.1:%d".formatted(one.port(), two.port()), "");

            StepVerifier.create(connector.connect())
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(ConnectTimeoutException.class)
                            .hasMessageContaining("127.0.0.1:" + one.port())
                            .hasMessageContaining("127.0.0.1:" + two.port())
                            .satisfies(each -> assertThat(each.getSuppressed()).hasSize(2)))
                    .verify(Duration.ofSeconds(3));
            await().atMost(LIMIT).until(() -> one.open() + two.open() == 0);
        }
    }

    @Test
    void theErrorTellsWhatBecameOfEachHost() {
        try (FakeServer silent = FakeServer.silent()) {
            int closed = closed();
            Connector connector = connector(
                    Duration.ofSeconds(1),
                    "127.0.0.1:%d,no-such-host.invalid:1,127.0.0.1:%d".formatted(closed, silent.port()),
                    "");

            StepVerifier.create(connector.connect())
                    .expectErrorSatisfies(failure -> assertThat(failure)
                            .isInstanceOf(ConnectFailedException.class)
                            .hasMessageContaining("nothing accepts connections at 127.0.0.1:" + closed)
                            .hasMessageContaining("the host name of no-such-host.invalid:1 is unknown")
                            .hasMessageContaining("no connection to 127.0.0.1:" + silent.port())
                            .hasCauseInstanceOf(ConnectTimeoutException.class))
                    .verify(LIMIT);
        }
    }

    @Test
    void aRefusedLoginEndsTheSearch() {
        String refusal = "SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\0\0";
        try (FakeServer refusing = FakeServer.answering(error(refusal));
                FakeServer next = FakeServer.silent()) {
            Connector connector =
                    connector(LIMIT, "127.0.0.1:%d,127.0.0.1:%d".formatted(refusing.port(), next.port()), "");

            StepVerifier.create(connector.connect())
                    .expectError(AuthenticationFailedException.class)
                    .verify(LIMIT);
            assertThat(next.accepted()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "any, first",
        "read-write, primary",
        "read-only, standby",
        "primary, primary",
        "standby, standby",
        "prefer-standby, standby"
    })
    void theServerHasTheWantedRole(String attribute, String expected) {
        List<Integer> ports = List.of(servers.primaryPort(), servers.standbyPort());
        for (List<Integer> order : List.of(ports, List.of(ports.get(1), ports.get(0)))) {
            String hosts = "127.0.0.1:%d,127.0.0.1:%d".formatted(order.get(0), order.get(1));
            int port = switch (expected) {
                case "primary" -> servers.primaryPort();
                case "standby" -> servers.standbyPort();
                default -> order.get(0);
            };

            Connector connector = connector(LIMIT, hosts, "target_session_attrs=" + attribute);
            assertThat(port(connector)).isEqualTo(port);
            assertThat(port(connector)).as("with what was remembered").isEqualTo(port);
        }
        await().atMost(LIMIT).until(() -> servers.sessions(NAME) == 0);
    }

    @ParameterizedTest
    @CsvSource({"read-write, false", "read-only, true", "primary, true", "standby, false", "prefer-standby, true"})
    void aPrimaryWhoseSessionsCannotWriteByDefaultIsReadOnly(String attribute, boolean fits) {
        servers.onPrimary("ALTER ROLE postgres SET default_transaction_read_only = on");
        try {
            Connector connector =
                    connector(LIMIT, "127.0.0.1:" + servers.primaryPort(), "target_session_attrs=" + attribute);
            if (fits) {
                assertThat(port(connector)).isEqualTo(servers.primaryPort());
            } else {
                StepVerifier.create(connector.connect())
                        .expectError(NoSuitableHostException.class)
                        .verify(LIMIT);
            }
        } finally {
            servers.onPrimary("SET transaction_read_only = off; ALTER ROLE postgres RESET ALL");
        }
    }

    @Test
    void aSingleHostMustHaveTheRoleToo() {
        HostAndPort standby = new HostAndPort("127.0.0.1", servers.standbyPort());
        StepVerifier.create(connector(LIMIT, standby.toString(), "target_session_attrs=read-write")
                        .connect())
                .expectErrorSatisfies(failure -> {
                    assertThat(failure)
                            .isInstanceOf(NoSuitableHostException.class)
                            .hasMessage(standby + " is read-only, target_session_attrs=read-write");
                    NoSuitableHostException unsuitable = (NoSuitableHostException) failure;
                    assertThat(unsuitable.hosts()).containsExactly(standby);
                    assertThat(unsuitable.role()).isEqualTo(ServerRole.READ_WRITE);
                })
                .verify(LIMIT);
    }

    @Test
    void theErrorOfTheRoleTellsWhatBecameOfEachHost() {
        int closed = closed();
        StepVerifier.create(connector(
                                LIMIT,
                                "127.0.0.1:%d,127.0.0.1:%d".formatted(servers.standbyPort(), closed),
                                "target_session_attrs=primary")
                        .connect())
                .expectErrorSatisfies(failure -> {
                    assertThat(failure)
                            .isInstanceOf(NoSuitableHostException.class)
                            .hasMessageContaining("127.0.0.1:" + servers.standbyPort() + " is a standby")
                            .hasMessageContaining("nothing accepts connections at 127.0.0.1:" + closed)
                            .hasCauseInstanceOf(ConnectFailedException.class);
                    assertThat(((NoSuitableHostException) failure).hosts()).hasSize(2);
                })
                .verify(LIMIT);
    }

    @Test
    void aPrimaryWillDoWhereNoStandbyCanBeReached() {
        try (FakeServer silent = FakeServer.silent()) {
            String hosts = "127.0.0.1:%d,127.0.0.1:%d".formatted(servers.primaryPort(), silent.port());
            Connector connector = connector(Duration.ofSeconds(3), hosts, "target_session_attrs=prefer-standby");

            assertThat(port(connector)).isEqualTo(servers.primaryPort());
            assertThat(port(connector)).isEqualTo(servers.primaryPort());
            assertThat(silent.accepted())
                    .as("a standby that failed lately is not waited for")
                    .isEqualTo(1);
        }
        await().atMost(LIMIT).until(() -> servers.sessions(NAME) == 0);
    }

    @Test
    void cancellingClosesWhatWasKeptInReserve() {
        try (FakeServer silent = FakeServer.silent()) {
            String hosts = "127.0.0.1:%d,127.0.0.1:%d".formatted(servers.primaryPort(), silent.port());
            StepVerifier.create(connector(LIMIT, hosts, "target_session_attrs=prefer-standby")
                            .connect())
                    .expectSubscription()
                    .then(() -> await().atMost(LIMIT).until(() -> silent.open() == 1 && servers.sessions(NAME) == 1))
                    .thenCancel()
                    .verify(LIMIT);
            await().atMost(LIMIT).until(() -> silent.open() == 0 && servers.sessions(NAME) == 0);
        }
    }

    @Test
    void aPromotedStandbyIsFoundAtTheNextConnect() throws IOException {
        try (PrimaryAndStandby pair = PrimaryAndStandby.start()) {
            String hosts = "127.0.0.1:%d,127.0.0.1:%d".formatted(closed(), pair.standbyPort());
            Connector connector = connector(LIMIT, hosts, "target_session_attrs=read-write");
            StepVerifier.create(connector.connect())
                    .expectError(NoSuitableHostException.class)
                    .verify(LIMIT);

            pair.promote();

            await().atMost(LIMIT)
                    .ignoreExceptions()
                    .untilAsserted(() -> assertThat(port(connector)).isEqualTo(pair.standbyPort()));
        }
    }

    @Test
    void aNameIsResolvedAtEachConnectAwayFromTheEventLoopsAndEveryAddressIsTried() throws UnknownHostException {
        InetAddress nobody = InetAddress.getByName("127.0.0.2");
        InetAddress server = InetAddress.getLoopbackAddress();
        AtomicReference<InetAddress[]> addresses = new AtomicReference<>(new InetAddress[] {nobody, server});
        List<String> threads = Collections.synchronizedList(new ArrayList<>());
        Connector connector = connector(LIMIT, "db.example:" + servers.primaryPort(), "", name -> {
            threads.add(Thread.currentThread().getName());
            return addresses.get();
        });

        assertThat(port(connector)).isEqualTo(servers.primaryPort());
        addresses.set(new InetAddress[] {nobody});
        StepVerifier.create(connector.connect())
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .hasMessageContaining("db.example:" + servers.primaryPort() + " (127.0.0.2)"))
                .verify(LIMIT);
        addresses.set(new InetAddress[] {server});
        assertThat(port(connector)).isEqualTo(servers.primaryPort());
        assertThat(threads).hasSize(3).allSatisfy(thread -> assertThat(thread).startsWith("boundedElastic"));
    }

    @Test
    void aNameThatIsNotResolvedInTimeLeavesTheOthersTheirShare() {
        Connector connector = connector(
                Duration.ofSeconds(2),
                "slow.example:1,127.0.0.1:" + servers.primaryPort(),
                "",
                name -> name.equals("slow.example") ? blocked() : InetAddress.getAllByName(name));

        assertThat(port(connector)).isEqualTo(servers.primaryPort());
    }

    @Test
    void anAddressBesideTheHostIsDialledInItsPlace() {
        Connector connector = connector(
                LIMIT, "db.example:" + servers.primaryPort(), "hostaddr=127.0.0.1", InetAddress::getAllByName);

        assertThat(port(connector)).isEqualTo(servers.primaryPort());
    }

    @ParameterizedTest
    @ValueSource(strings = {"random", "disable"})
    void hostsAreShuffledWhereThatIsAskedFor(String order) {
        List<String> asked = Collections.synchronizedList(new ArrayList<>());
        Connector connector = connector(LIMIT, "one.example,two.example", "load_balance_hosts=" + order, name -> {
            asked.add(name);
            throw new UnknownHostException(name);
        });
        Set<String> firsts = new HashSet<>();
        for (int i = 0; i < 40; i++) {
            asked.clear();
            StepVerifier.create(connector.connect())
                    .expectError(ConnectFailedException.class)
                    .verify(LIMIT);
            assertThat(asked).containsExactlyInAnyOrder("one.example", "two.example");
            firsts.add(asked.get(0));
        }

        assertThat(firsts).hasSize(order.equals("random") ? 2 : 1).contains("one.example");
    }

    /** Blocks, as a name server that does not answer makes a look-up do. */
    private static InetAddress[] blocked() throws UnknownHostException {
        try {
            new CountDownLatch(1).await(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new UnknownHostException("no answer");
    }

    private static byte[] error(String fields) {
        byte[] body = fields.getBytes(StandardCharsets.US_ASCII);
        return ByteBuffer.allocate(body.length + 5)
                .put((byte) 'E')
                .putInt(body.length + 4)
                .put(body)
                .array();
    }

    private static int closed() {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Connects, asks the server for its port, 0 for a socket, and closes. */
    private static int port(Connector connector) {
        PhysicalConnection connection = connector.connect().block(LIMIT);
        try {
            return connection
                    .converse(
                            "SELECT coalesce(inet_server_port(), 0)",
                            statement -> {},
                            result -> result.map(row -> Objects.requireNonNull(row.get(0, Integer.class))))
                    .blockLast(LIMIT);
        } finally {
            connection.close().block(LIMIT);
        }
    }

    private static Connector connector(Duration limit, String hosts, String query) {
        return connector(limit, hosts, query, InetAddress::getAllByName);
    }

    private static Connector connector(Duration limit, String hosts, String query, Resolver.Lookup lookup) {
        String url = "postgresql://postgres@%s/postgres?sslmode=disable&application_name=%s&%s"
                .formatted(hosts, NAME, query.isEmpty() ? "connect_timeout=0" : query);
        return new Connector(
                ConnectionString.parse(url), limit, TcpResources.get(), new ConnectListener() {}, null, lookup);
    }
}
