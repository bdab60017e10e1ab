package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.connection.ConnectListener;
import io.github.r2dbcsession.testing.Certificates;
import io.github.r2dbcsession.testing.FaultProxy;
import io.github.r2dbcsession.testing.TlsServer;
import io.netty.pkitesting.X509Bundle;
import io.r2dbc.spi.R2dbcException;
import io.r2dbc.spi.Result;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.netty.tcp.TcpResources;
import reactor.test.StepVerifier;

/**
 * Every mode against every server, with and without certificates: TLS where libpq has TLS, no connection where libpq has none.
 *
 * <p>{@code tls-matrix.txt} holds what psql did with the cells of the commit scale; where psql is installed it is asked again, and at
 * {@code -Dscale=nightly} it is asked of the whole cross product. After a deliberate change: {@code -Dtls.matrix=write}.
 */
@Tag("own-server")
class TlsMatrixIT {

    private static final Path TABLE = Path.of("src/test/resources/tls-matrix.txt");
    private static final boolean NIGHTLY = System.getProperty("scale", "commit").equals("nightly");
    private static final boolean WRITE =
            System.getProperty("tls.matrix", "check").equals("write");
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final String GOT = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

    private static final List<String> MODES =
            List.of("", "disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    private static final Certificates RIGHT = Certificates.create();
    private static final Certificates WRONG = Certificates.create();

    @TempDir
    static Path folder;

    /** One kind of server. */
    private record Kind(
            @Nullable X509Bundle certificate, @Nullable X509Bundle clients, String rule) {}

    /** One connect. */
    private record Cell(String server, String mode, String root, String client, String host) {

        @Override
        public String toString() {
            return Stream.of(server, mode.isEmpty() ? "-" : mode, root, client, host)
                    .collect(Collectors.joining(" "));
        }

        String conninfo(int port) {
            StringBuilder text = new StringBuilder(
                    "host=%s port=%d user=app password=%s dbname=postgres".formatted(host, port, TlsServer.PASSWORD));
            if (!mode.isEmpty()) {
                text.append(" sslmode=").append(mode);
            }
            if (!root.equals("none")) {
                text.append(" sslrootcert=").append(folder.resolve(root + ".root.crt"));
            }
            if (!client.equals("none")) {
                text.append(" sslcert=").append(folder.resolve(client + ".client.crt"));
                text.append(" sslkey=").append(folder.resolve(client + ".client.key"));
            }
            return text.toString();
        }
    }

    @Test
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void everyCellComesOutAsWithLibpq() throws IOException, InterruptedException {
        writeFiles();
        Map<String, String> expected = new LinkedHashMap<>();
        Map<String, String> got = new LinkedHashMap<>();
        Map<String, String> table = WRITE ? Map.of() : table();
        boolean psql = hasPsql();
        try (TlsServer server = TlsServer.debian()) {
            for (Map.Entry<String, Kind> kind : kinds().entrySet()) {
                server.configure(
                        kind.getValue().certificate(),
                        kind.getValue().clients(),
                        kind.getValue().rule());
                for (Cell cell : cells(kind.getKey())) {
                    String row = cell.toString();
                    if (psql || table.containsKey(row)) {
                        expected.put(row, psql ? psql(cell.conninfo(server.port())) : table.get(row));
                        got.put(row, connected(cell.conninfo(server.port())));
                    }
                }
            }
        }
        if (WRITE) {
            Files.write(
                    TABLE,
                    expected.entrySet().stream()
                            .map(row -> row.getKey() + " => " + row.getValue())
                            .toList());
        } else {
            assertThat(expected).containsAllEntriesOf(table);
        }
        assertThat(expected).hasSizeGreaterThan(100).containsValues("tls", "plain", "refused");
        assertThat(got).isEqualTo(expected);
    }

    @Test
    void tlsWithoutAskingComesOutAsWithLibpq() {
        writeFiles();
        try (TlsServer server = TlsServer.embedded()) {
            server.configure(named("localhost"), null, "host all app all scram-sha-256");
            String direct = " sslnegotiation=direct sslmode=";
            String right = new Cell("", "", "right", "none", "localhost").conninfo(server.port()) + direct;
            String wrong = new Cell("", "", "wrong", "none", "localhost").conninfo(server.port()) + direct;

            assertThat(connected(right + "require")).isEqualTo("tls");
            assertThat(connected(right + "verify-full")).isEqualTo("tls");
            assertThat(connected(wrong + "require")).isEqualTo("refused");
            assertThat(connected(right + "verify-full channel_binding=disable")).isEqualTo("tls");
            assertThat(connected(right + "verify-full channel_binding=require require_auth=scram-sha-256"))
                    .isEqualTo("tls");
        }
    }

    @Test
    void aStatementIsStoppedThroughTlsToo() {
        writeFiles();
        try (TlsServer server = TlsServer.debian()) {
            server.configure(
                    named("localhost"), RIGHT.authority(), "hostssl all app all scram-sha-256 clientcert=verify-ca");
            PhysicalConnection connection = connect(
                            new Cell("", "verify-full", "right", "right", "localhost").conninfo(server.port()))
                    .block(LIMIT);
            connection
                    .converse("SELECT pg_sleep(60)", statement -> {}, Result::getRowsUpdated)
                    .onErrorComplete()
                    .subscribe();
            await().atMost(LIMIT).until(() -> server.running("pg_sleep") == 1);

            connection.invalidate().block(LIMIT);

            await().atMost(LIMIT).until(() -> server.running("pg_sleep") == 0);
        }
    }

    @Test
    void aCancelRequestIsAsSafeAsItsSession() {
        writeFiles();
        try (TlsServer server = TlsServer.debian();
                FaultProxy proxy = FaultProxy.before("127.0.0.1", server.port())) {
            server.configure(null, null, "host all app all scram-sha-256");
            Map.of(
                            "disable",
                            FaultProxy.CANCEL_REQUEST,
                            "allow",
                            FaultProxy.CANCEL_REQUEST,
                            "prefer",
                            FaultProxy.TLS_REQUEST)
                    .forEach((mode, opening) -> cancels(server, proxy, mode, opening));
            server.configure(named("localhost"), null, "hostssl all app all scram-sha-256");
            for (String mode : List.of("allow", "prefer", "require", "verify-ca", "verify-full")) {
                cancels(server, proxy, mode, FaultProxy.TLS_REQUEST);
            }
        }
    }

    private static void cancels(TlsServer server, FaultProxy proxy, String mode, int opening) {
        String root = mode.startsWith("verify") ? "right" : "none";
        PhysicalConnection connection = connect(new Cell("", mode, root, "none", "localhost").conninfo(proxy.port()))
                .block(LIMIT);
        int before = proxy.openings().size();

        StepVerifier.create(connection.converse("SELECT pg_sleep(60)", statement -> {}, Result::getRowsUpdated))
                .expectSubscription()
                .then(() -> await().atMost(LIMIT).until(() -> server.running("pg_sleep") == 1))
                .then(() -> connection.cancelStatement().block(LIMIT))
                .expectErrorSatisfies(failure ->
                        assertThat(((R2dbcException) failure).getSqlState()).isEqualTo("57014"))
                .verify(LIMIT);

        await().atMost(LIMIT).until(connection::isIdle);
        assertThat(proxy.openings().subList(before, proxy.openings().size()))
                .as(mode)
                .containsExactly(opening);
        connection.close().block(LIMIT);
    }

    private static X509Bundle named(String host) {
        return RIGHT.issue(it -> it.subject("CN=server.invalid").addSanDnsName(host));
    }

    private static Map<String, Kind> kinds() {
        Map<String, Kind> kinds = new LinkedHashMap<>();
        String any = "host all app all scram-sha-256";
        X509Bundle localhost = named("localhost");
        kinds.put("off", new Kind(null, null, any));
        kinds.put("on", new Kind(localhost, null, any));
        kinds.put("hostssl", new Kind(localhost, null, "hostssl all app all scram-sha-256"));
        kinds.put("hostnossl", new Kind(localhost, null, "hostnossl all app all scram-sha-256"));
        kinds.put("asked", new Kind(localhost, RIGHT.authority(), any));
        kinds.put(
                "demanded",
                new Kind(localhost, RIGHT.authority(), "hostssl all app all scram-sha-256 clientcert=verify-ca"));
        kinds.put("cert", new Kind(localhost, RIGHT.authority(), "hostssl all app all cert"));
        kinds.put("other-name", new Kind(named("other.example"), null, any));
        kinds.put("expired", new Kind(RIGHT.expired("localhost"), null, any));
        kinds.put("common-name", new Kind(RIGHT.issue(it -> it.subject("CN=localhost")), null, any));
        kinds.put("address", new Kind(RIGHT.issue(it -> it.addSanIpAddress("127.0.0.1")), null, any));
        kinds.put(
                "address-and-common-name",
                new Kind(RIGHT.issue(it -> it.subject("CN=localhost").addSanIpAddress("127.0.0.1")), null, any));
        kinds.put(
                "name-and-common-address",
                new Kind(RIGHT.issue(it -> it.subject("CN=127.0.0.1").addSanDnsName("localhost")), null, any));
        kinds.put("intermediate", new Kind(RIGHT.behindIntermediate("localhost"), null, any));
        kinds.put("no-intermediate", new Kind(RIGHT.behindMissingIntermediate("localhost"), null, any));
        kinds.put("self-signed", new Kind(RIGHT.selfSigned("localhost"), null, any));
        return kinds;
    }

    private static List<Cell> cells(String server) {
        boolean clients = List.of("asked", "demanded", "cert").contains(server);
        boolean modes = List.of("off", "on", "hostssl", "hostnossl").contains(server);
        List<Cell> cells = new ArrayList<>();
        for (String mode : MODES) {
            for (String root : List.of("none", "right", "wrong")) {
                for (String client : List.of("none", "right", "other-name", "wrong")) {
                    for (String host : List.of("localhost", "127.0.0.1")) {
                        boolean core = (modes && client.equals("none") && host.equals("localhost"))
                                || (clients
                                        && root.equals("none")
                                        && host.equals("localhost")
                                        && List.of("allow", "prefer", "require").contains(mode))
                                || (!modes
                                        && !clients
                                        && root.equals("right")
                                        && client.equals("none")
                                        && List.of("prefer", "require", "verify-full")
                                                .contains(mode));
                        if (core || NIGHTLY) {
                            cells.add(new Cell(server, mode, root, client, host));
                        }
                    }
                }
            }
        }
        return cells;
    }

    private static void writeFiles() {
        Certificates.write(folder, "right.root.crt", RIGHT.authority().getCertificatePEM());
        Certificates.write(folder, "wrong.root.crt", WRONG.authority().getCertificatePEM());
        client("right", RIGHT.issue(it -> it.subject("CN=app")));
        client("other-name", RIGHT.issue(it -> it.subject("CN=somebody")));
        client("wrong", WRONG.issue(it -> it.subject("CN=app")));
    }

    private static void client(String name, X509Bundle bundle) {
        Certificates.write(folder, name + ".client.crt", bundle.getCertificatePEM());
        Certificates.write(folder, name + ".client.key", bundle.getPrivateKeyPEM());
    }

    private static Map<String, String> table() throws IOException {
        Map<String, String> table = new LinkedHashMap<>();
        for (String line : Files.readAllLines(TABLE)) {
            String[] parts = line.split(" => ", -1);
            table.put(parts[0], parts[1]);
        }
        return table;
    }

    private static String connected(String conninfo) {
        return connect(conninfo)
                .flatMap(connection -> connection
                        .converse(GOT, statement -> {}, result -> result.map(row -> row.get(0, Boolean.class)))
                        .single()
                        .map(tls -> tls ? "tls" : "plain")
                        .flatMap(got -> connection.close().thenReturn(got)))
                .onErrorReturn("refused")
                .block(LIMIT);
    }

    private static Mono<PhysicalConnection> connect(String conninfo) {
        return Mono.fromSupplier(() -> new Connector(
                        ConnectionString.parse(conninfo), LIMIT, TcpResources.get(), new ConnectListener() {}))
                .flatMap(Connector::connect);
    }

    private static boolean hasPsql() {
        return Stream.of(System.getenv("PATH").split(":", -1))
                .anyMatch(bin -> Files.isExecutable(Path.of(bin, "psql")));
    }

    /** What psql makes of it, far from anybody's home directory and environment. */
    private static String psql(String conninfo) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder("psql", "-XAtw", "-c", GOT, conninfo);
        builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
        builder.environment().put("HOME", folder.toString());
        builder.environment().put("PGGSSENCMODE", "disable");
        Process process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        boolean connected = process.waitFor() == 0;
        return !connected ? "refused" : answer.equals("t") ? "tls" : "plain";
    }
}
