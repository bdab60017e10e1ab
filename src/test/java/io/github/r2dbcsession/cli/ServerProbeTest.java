package io.github.r2dbcsession.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.HostAndPort;
import io.github.r2dbcsession.testing.ScriptedServer;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Looks at a server that shakes hands with an expired certificate of its own making, asks for a password in some way and hangs up. */
class ServerProbeTest {

    @Test
    void explainsACertificateThatIsRefused() throws Exception {
        String told = check(10);

        assertThat(told)
                .containsPattern("tls +TLSv1\\.[23]")
                .containsPattern("certificate +CN=db\\.example\\.com, issued by CN=db\\.example\\.com")
                .containsPattern("names +db\\.example\\.com, 127\\.0\\.0\\.1")
                .contains("it has expired")
                .contains("asks for scram-sha-256")
                .containsPattern("refused +")
                .containsPattern("change +");
    }

    @ParameterizedTest
    @CsvSource({"0,no password asked for", "3,password in clear text", "5,md5", "7,GSS", "99,number 99"})
    void tellsWhichWayOfLoggingInIsAskedFor(int code, String told) throws Exception {
        assertThat(check(code)).contains("asks for " + told);
    }

    @ParameterizedTest
    @CsvSource({"08P01,unsupported startup parameter: r2dbc_session.probe,true", "28000,no pg_hba.conf entry,false"})
    void knowsPgBouncerByWhatItRefuses(String sqlState, String text, boolean isPgBouncer) throws IOException {
        try (ScriptedServer server = ScriptedServer.running(client -> {
                    client.opening();
                    client.send(ScriptedServer.error(sqlState, text));
                });
                ServerProbe probe = new ServerProbe(Duration.ofSeconds(5))) {
            probe.connect(InetAddress.getLoopbackAddress(), new HostAndPort("127.0.0.1", server.port()));

            assertThat(probe.isPgBouncer("u", "d")).isEqualTo(isPgBouncer);
            assertThat(server.received()).singleElement().asString().contains("r2dbc_session.probe\0001\0");
        }
    }

    private static String check(int authentication) throws Exception {
        SSLContext context = context();
        StringWriter told = new StringWriter();
        try (ServerSocket listening = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> served =
                    CompletableFuture.runAsync(() -> serve(listening, context, authentication));
            ConnectionString string = ConnectionString.parse(
                    "postgresql://u@127.0.0.1:%d/d?sslmode=verify-full".formatted(listening.getLocalPort()));

            boolean connected = new Check(
                            string,
                            Duration.ofSeconds(5),
                            fact -> told.append("%-12s%s%n".formatted(fact.name(), fact.value())))
                    .run();

            assertThat(connected).isFalse();
            assertThat(served).isNotCompletedExceptionally();
        }
        return told.toString();
    }

    private static SSLContext context() throws Exception {
        X509Bundle bundle = new CertificateBuilder()
                .subject("CN=db.example.com")
                .addSanDnsName("db.example.com")
                .addSanIpAddress("127.0.0.1")
                .notBefore(Instant.now().minus(Duration.ofDays(20)))
                .notAfter(Instant.now().minus(Duration.ofDays(10)))
                .setIsCertificateAuthority(true)
                .buildSelfSigned();
        KeyManagerFactory keys = bundle.toKeyManagerFactory();
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        return context;
    }

    private static void serve(ServerSocket listening, SSLContext context, int authentication) {
        while (!listening.isClosed()) {
            try (Socket socket = listening.accept()) {
                socket.setSoTimeout(5_000);
                new DataInputStream(socket.getInputStream()).readLong();
                socket.getOutputStream().write('S');
                SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(socket, null, true);
                DataInputStream in = new DataInputStream(tls.getInputStream());
                in.readFully(new byte[in.readInt() - 4]);
                DataOutputStream answer = new DataOutputStream(tls.getOutputStream());
                answer.writeByte('R');
                answer.writeInt(8);
                answer.writeInt(authentication);
                answer.flush();
            } catch (IOException theClientHasSeenEnough) {
                // the next one may look further
            }
        }
    }
}
