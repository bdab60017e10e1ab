package io.github.r2dbcsession.internal.connection;

import static io.github.r2dbcsession.testing.ScriptedServer.authentication;
import static io.github.r2dbcsession.testing.ScriptedServer.error;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.connection.AuthenticationFailedException;
import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.connection.ConnectListener;
import io.github.r2dbcsession.connection.TlsFailedException;
import io.github.r2dbcsession.testing.Certificates;
import io.github.r2dbcsession.testing.ScriptedServer;
import io.github.r2dbcsession.testing.ScriptedServer.Script;
import io.netty.pkitesting.CertificateBuilder.Algorithm;
import io.netty.pkitesting.X509Bundle;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.netty.tcp.TcpResources;
import reactor.test.StepVerifier;

/** What a hostile server, or somebody between, can try: it is refused at once, and has learnt nothing of the password. */
class HostileServerTest {

    /** Far above what a refusal takes and far below the limit of the connect: a refusal does not wait for that. */
    private static final Duration AT_ONCE = Duration.ofSeconds(5);

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final String CANARY = "c4nary";
    private static final byte[] ACCEPTED = authentication(0, "");

    @TempDir
    static Path folder;

    private static final Certificates PKI = Certificates.create();
    private static final SSLContext LOCALHOST = PKI.server(PKI.issue(it -> it.addSanDnsName("localhost")));

    static Stream<Arguments> negotiations() {
        return Stream.of(
                attack("TLS is stripped", "require", "switched off", client -> {
                    client.opening();
                    client.send("N");
                }),
                attack("TLS is stripped", "verify-full", "switched off", client -> {
                    client.opening();
                    client.send("N");
                }),
                attack("an error is put behind the S", "require", "bytes in clear", client -> {
                    client.opening();
                    client.send("S".getBytes(java.nio.charset.StandardCharsets.US_ASCII), error("28000", CANARY));
                }),
                attack("one byte is put behind the S", "prefer", "bytes in clear", client -> {
                    client.opening();
                    client.send("SR");
                }),
                attack("clear bytes follow the S in a packet of their own", "require", "does not speak TLS", client -> {
                    client.opening();
                    client.send("S");
                    client.awaitByte();
                    client.send(authentication(3, ""));
                }),
                attack("a login in clear is put behind the N", "prefer", "bytes in clear", client -> {
                    client.opening();
                    client.send("N".getBytes(java.nio.charset.StandardCharsets.US_ASCII), authentication(3, ""));
                }),
                attack("an error answers the request for TLS", "require", "with an error", client -> {
                    client.opening();
                    client.send(error("53300", CANARY));
                }),
                attack("TLS 1.0 is the newest it speaks", "require", "handshake failed", client -> {
                    client.opening();
                    client.send("S");
                    client.awaitByte();
                    client.send(serverHello(0x0301));
                }),
                attack("TLS 1.1 is the newest it speaks", "require", "handshake failed", client -> {
                    client.opening();
                    client.send("S");
                    client.awaitByte();
                    client.send(serverHello(0x0302));
                }),
                attack("hangs up instead of TLS", "require", "closed the connection", ScriptedServer.Peer::hangUp),
                attack("hangs up in the handshake", "require", "closed the connection", client -> {
                    client.opening();
                    client.send("S");
                    client.hangUp();
                }));
    }

    @ParameterizedTest(name = "{0}, sslmode={1}")
    @MethodSource("negotiations")
    void attacksOnTheNegotiationAreTlsFailures(String name, String sslMode, String reason, Script script) {
        try (ScriptedServer server = ScriptedServer.running(script)) {
            refused(server, "sslmode=" + sslMode, TlsFailedException.class, reason);
            assertThat(server.received()).noneMatch(message -> message.contains("user"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"require", "prefer"})
    void garbageInAnswerToTheRequestForTlsIsNoPostgres(String sslMode) {
        try (ScriptedServer server = ScriptedServer.running(client -> {
            client.opening();
            client.send("HTTP/1.1 400 Bad Request\r\n");
        })) {
            refused(server, "sslmode=" + sslMode, ConnectFailedException.class, "does not speak PostgreSQL's protocol");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1 400 Bad Request", "R\0\0\0\3", "R\177\0\0\0", "T\0\0\0\4", "R\0\0\0\4"})
    void garbageInAnswerToTheStartupIsNoPostgres(String garbage) {
        try (ScriptedServer server = ScriptedServer.running(client -> {
            client.opening();
            client.send(garbage);
        })) {
            refused(server, "sslmode=disable", ConnectFailedException.class, "does not speak PostgreSQL's protocol");
        }
    }

    static Stream<Arguments> certificates() {
        return Stream.of(
                certificate(
                        "another authority",
                        "verify-ca",
                        "leads to no root",
                        Certificates.create().issue(it -> it.addSanDnsName("localhost"))),
                certificate("a weak key", "verify-ca", "1024 bits", PKI.withRsaKey("localhost", 1024)),
                certificate("signed by itself", "verify-ca", "leads to no root", PKI.selfSigned("localhost")),
                certificate(
                        "another host",
                        "verify-full",
                        "for other.example, not for localhost",
                        PKI.issue(it -> it.addSanDnsName("other.example"))),
                certificate(
                        "a common name beside an alternative name",
                        "verify-full",
                        "not for localhost",
                        PKI.issue(it -> it.subject("CN=localhost").addSanDnsName("other.example"))),
                certificate("expired", "verify-ca", "has expired", PKI.expired("localhost")),
                certificate("not valid yet", "verify-ca", "not valid yet", PKI.early("localhost")),
                certificate(
                        "another authority",
                        "require",
                        "leads to no root",
                        Certificates.create().issue(it -> it.addSanDnsName("localhost"))));
    }

    @ParameterizedTest(name = "{0}, sslmode={1}")
    @MethodSource("certificates")
    void certificatesThatTheModeForbidsAreTlsFailures(String name, String sslMode, String reason, X509Bundle bundle) {
        try (ScriptedServer server = ScriptedServer.running(client -> client.acceptTls(PKI.server(bundle)))) {
            refused(
                    server,
                    "sslmode=" + sslMode + "&sslrootcert=" + PKI.root(folder),
                    TlsFailedException.class,
                    reason);
            assertThat(server.received()).noneMatch(message -> message.contains("user"));
        }
    }

    @Test
    void anAddressIsNotVerifiedByTheNameThatItsLookUpGives() {
        try (ScriptedServer server = ScriptedServer.running(client -> client.acceptTls(LOCALHOST))) {
            String options = "sslmode=verify-full&sslrootcert=" + PKI.root(folder);
            refused("127.0.0.1", server, options, TlsFailedException.class, "not for 127.0.0.1");
        }
    }

    @Test
    void anAddressAmongTheAlternativeNamesIsVerified() {
        SSLContext address = PKI.server(PKI.issue(it -> it.addSanIpAddress("127.0.0.1")));
        try (ScriptedServer server = ScriptedServer.running(client -> {
            client.acceptTls(address);
            client.opening();
            client.send(error("28000", "no entry"));
        })) {
            String options = "sslmode=verify-full&sslrootcert=" + PKI.root(folder);
            refused("127.0.0.1", server, options, AuthenticationFailedException.class, "refused the login");
        }
    }

    @Test
    void aRevokedCertificateIsATlsFailure() {
        X509Bundle revoked = PKI.issue(it -> it.addSanDnsName("localhost"));
        Path list = PKI.revoke(revoked, folder);
        String options = "sslmode=verify-ca&sslcrl=" + list + "&sslrootcert=" + PKI.root(folder);
        try (ScriptedServer server = ScriptedServer.running(client -> client.acceptTls(PKI.server(revoked)))) {
            refused(server, options, TlsFailedException.class, "has been revoked");
        }
        try (ScriptedServer server = ScriptedServer.running(client -> {
            client.acceptTls(LOCALHOST);
            client.opening();
            client.send(error("28000", "no entry"));
        })) {
            refused(server, options, AuthenticationFailedException.class, "refused the login");
        }
    }

    @Test
    void anOldProtocolVersionIsATlsFailure() {
        try (ScriptedServer server = ScriptedServer.running(client -> client.acceptTls(LOCALHOST, "TLSv1.2"))) {
            String options = "sslmode=require&ssl_min_protocol_version=TLSv1.3";
            refused(server, options, TlsFailedException.class, "handshake failed");
        }
    }

    static Stream<Arguments> demands() {
        return Stream.of(
                demand(
                        "require_auth=scram-sha-256",
                        "the password in clear",
                        client -> client.send(authentication(3, ""))),
                demand("require_auth=scram-sha-256", "MD5", client -> client.send(authentication(5, "salt"))),
                demand("require_auth=!password", "the password in clear", client -> client.send(authentication(3, ""))),
                demand("require_auth=!md5,!password", "MD5", client -> client.send(authentication(5, "salt"))),
                demand("require_auth=scram-sha-256", "no password at all", client -> client.send(ACCEPTED)),
                demand("require_auth=!none", "no password at all", client -> client.send(ACCEPTED)),
                demand("require_auth=md5,password", "SCRAM", client -> client.beginScram("SCRAM-SHA-256")),
                demand("require_auth=none", "SCRAM", client -> client.beginScram("SCRAM-SHA-256")),
                demand(
                        "channel_binding=require",
                        "the password in clear",
                        client -> client.send(authentication(3, ""))),
                demand("channel_binding=require", "MD5", client -> client.send(authentication(5, "salt"))),
                demand("channel_binding=require", "not bound", client -> client.send(ACCEPTED)),
                demand(
                        "channel_binding=require",
                        "needs TLS",
                        client -> client.beginScram("SCRAM-SHA-256-PLUS,SCRAM-SHA-256")),
                demand("sslcertmode=require", "no certificate", client -> client.send(ACCEPTED)),
                demand("", "not supported here (7)", client -> client.send(authentication(7, ""))),
                demand("", "not begun", client -> client.send(authentication(11, "r=x,s=eA==,i=4096"))),
                demand("", "not begun", client -> client.send(authentication(12, "v=eA=="))),
                demand("", "without proving", client -> {
                    client.beginScram("SCRAM-SHA-256");
                    client.send(ACCEPTED);
                }));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("demands")
    void demandsThatThePolicyForbidsAreRefused(String options, String reason, Script script) {
        try (ScriptedServer server = ScriptedServer.running(client -> {
            client.opening();
            script.run(client);
        })) {
            refused(server, "sslmode=disable&" + options, AuthenticationFailedException.class, reason);
            // Whoever has the first message of SCRAM has learnt nothing of the password.
            assertThat(server.answers()).allMatch(answer -> answer.contains("SCRAM-SHA-256"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"100001", "2147483647", "99999999999999999999"})
    void moreIterationsThanAnEventLoopBearsAreRefused(String iterations) {
        try (ScriptedServer server = ScriptedServer.running(client -> {
            client.opening();
            client.send(
                    authentication(11, "r=" + client.beginScram("SCRAM-SHA-256") + "x,s=c2FsdHNhbHQ=,i=" + iterations));
        })) {
            refused(
                    server,
                    "sslmode=disable",
                    AuthenticationFailedException.class,
                    "more than 100000 SCRAM iterations");
            assertThat(server.answers()).hasSize(1);
        }
    }

    @Test
    void aServerThatProvesNothingAfterTheProofIsRefused() {
        try (ScriptedServer server = ScriptedServer.running(client -> {
            challenge(client, "x");
            client.message();
            client.send(ACCEPTED);
        })) {
            refused(server, "sslmode=disable", AuthenticationFailedException.class, "without proving");
        }
    }

    @Test
    void aWrongSignatureOfTheServerIsRefused() {
        try (ScriptedServer server = ScriptedServer.running(client -> {
            challenge(client, "x");
            client.message();
            String signature = Base64.getEncoder().encodeToString(new byte[32]);
            client.send(authentication(12, "v=" + signature), ACCEPTED);
        })) {
            refused(server, "sslmode=disable", AuthenticationFailedException.class, "could not prove");
        }
    }

    @Test
    void aNonceThatIsNotOursIsRefused() {
        try (ScriptedServer server = ScriptedServer.running(client -> {
            client.opening();
            client.beginScram("SCRAM-SHA-256");
            client.send(authentication(11, "r=another,s=c2FsdHNhbHQ=,i=4096"));
        })) {
            refused(server, "sslmode=disable", AuthenticationFailedException.class, "could not prove");
            assertThat(server.answers()).hasSize(1);
        }
    }

    @Test
    void aMechanismWithoutBindingIsRefusedWhereBindingIsDemanded() {
        try (ScriptedServer server = ScriptedServer.running(client -> {
            client.acceptTls(LOCALHOST);
            client.opening();
            client.beginScram("SCRAM-SHA-256");
        })) {
            String options = "sslmode=require&channel_binding=require";
            refused(server, options, AuthenticationFailedException.class, "does not offer SCRAM-SHA-256-PLUS");
            assertThat(server.answers()).isEmpty();
        }
    }

    @Test
    void aLoginIsNotBoundWhereThatIsSwitchedOff() {
        try (ScriptedServer server = ScriptedServer.running(client -> {
            client.acceptTls(LOCALHOST);
            client.opening();
            client.beginScram("SCRAM-SHA-256-PLUS,SCRAM-SHA-256");
            client.send(error("28P01", "no"));
        })) {
            refused(server, "sslmode=require&channel_binding=disable", AuthenticationFailedException.class, "refused");
            assertThat(server.answers())
                    .singleElement()
                    .asString()
                    .contains("SCRAM-SHA-256\0", "n,,n=")
                    .doesNotContain("PLUS");
        }
    }

    @Test
    void aBoundLoginIsNotBoundUntilTheServerHasProvedIt() {
        SSLContext edwards =
                PKI.server(PKI.issue(it -> it.addSanDnsName("localhost").algorithm(Algorithm.ed25519)));
        try (ScriptedServer server = ScriptedServer.running(client -> {
            client.acceptTls(edwards);
            client.opening();
            client.beginScram("SCRAM-SHA-256-PLUS,SCRAM-SHA-256");
            client.send(ACCEPTED);
        })) {
            String options = "sslmode=require&channel_binding=require";
            refused(server, options, AuthenticationFailedException.class, "without proving");
            assertThat(server.answers()).singleElement().asString().contains("SCRAM-SHA-256-PLUS");
        }
    }

    @Test
    void whatIsAllowedIsAnswered() {
        try (ScriptedServer server = ScriptedServer.running(client -> {
            client.opening();
            client.send(authentication(3, ""));
            client.message();
            client.send(error("28P01", "no"));
        })) {
            refused(server, "sslmode=disable&require_auth=password", AuthenticationFailedException.class, "refused");
            assertThat(server.answers()).singleElement().asString().contains(CANARY);
        }
    }

    @Test
    void aServerThatCannotConnectNowIsNotAskedAgainWithoutTls() {
        AtomicInteger hellos = new AtomicInteger();
        try (ScriptedServer server = ScriptedServer.running(client -> {
            client.acceptTls(LOCALHOST);
            client.opening();
            hellos.incrementAndGet();
            client.send(error("57P03", "starting up"));
        })) {
            refused(server, "sslmode=prefer", ConnectFailedException.class, "takes no connection now");
            assertThat(hellos).hasValue(1);
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @Test
    void aLoginInManyPiecesIsReadAsOne() {
        try (ScriptedServer server = ScriptedServer.running(client -> {
            client.opening();
            for (byte part : error("28000", "no entry")) {
                client.send(new byte[] {part});
            }
        })) {
            refused(server, "sslmode=disable", AuthenticationFailedException.class, "no entry");
        }
    }

    private static void challenge(ScriptedServer.Peer client, String nonce) throws java.io.IOException {
        client.opening();
        client.send(authentication(11, "r=" + client.beginScram("SCRAM-SHA-256") + nonce + ",s=c2FsdHNhbHQ=,i=4096"));
    }

    private static void refused(ScriptedServer server, String options, Class<? extends Throwable> type, String reason) {
        refused("localhost", server, options, type, reason);
    }

    private static void refused(
            String host, ScriptedServer server, String options, Class<? extends Throwable> type, String reason) {
        String url = "postgresql://user:%s@%s:%d/db?%s".formatted(CANARY, host, server.port(), options);
        Connector connector =
                new Connector(ConnectionString.parse(url), LIMIT, TcpResources.get(), new ConnectListener() {});
        StepVerifier.create(connector.connect())
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(type)
                        .hasMessageContaining(reason)
                        .message()
                        .doesNotContain(CANARY))
                .verify(AT_ONCE);
        await().atMost(AT_ONCE).until(() -> server.open() == 0);
    }

    /** The answer of a server that settles on a version of TLS and TLS_RSA_WITH_AES_128_CBC_SHA. */
    private static byte[] serverHello(int version) {
        return ByteBuffer.allocate(47)
                .put((byte) 22)
                .putShort((short) version)
                .putShort((short) 42)
                .putInt(0x02_000026)
                .putShort((short) version)
                .put(new byte[32])
                .put((byte) 0)
                .putShort((short) 0x002f)
                .put((byte) 0)
                .array();
    }

    private static Arguments attack(String name, String sslMode, String reason, Script script) {
        return Arguments.of(name, sslMode, reason, script);
    }

    private static Arguments certificate(String name, String sslMode, String reason, X509Bundle bundle) {
        return Arguments.of(name, sslMode, reason, bundle);
    }

    private static Arguments demand(String options, String reason, Script script) {
        return Arguments.of(options, reason, script);
    }
}
