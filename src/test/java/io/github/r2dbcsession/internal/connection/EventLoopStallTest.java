package io.github.r2dbcsession.internal.connection;

import static io.github.r2dbcsession.testing.ScriptedServer.authentication;
import static io.github.r2dbcsession.testing.ScriptedServer.error;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.connection.ConnectListener;
import io.github.r2dbcsession.testing.Certificates;
import io.github.r2dbcsession.testing.ScriptedServer;
import io.github.r2dbcsession.testing.ScriptedServer.Script;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.netty.resources.LoopResources;

/** How long a connect keeps its event loop from everybody else, the quietest of several. */
class EventLoopStallTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration BEARABLE = Duration.ofMillis(50);
    private static final int CONNECTS = 8;

    @TempDir
    Path folder;

    @Test
    void aHandshakeThatVerifiesLeavesTheEventLoopToOthers() {
        Certificates authority = Certificates.create();
        SSLContext tls = authority.server(authority.issue(it -> it.addSanDnsName("localhost")));

        assertThat(quietest("sslmode=verify-full&sslrootcert=" + authority.root(folder), client -> {
                    client.acceptTls(tls);
                    client.opening();
                    client.send(error("28000", "no entry"));
                }))
                .isLessThan(BEARABLE);
    }

    @Test
    void asManyIterationsAsAreAllowedAreBearable() {
        assertThat(quietest("sslmode=disable", client -> {
                    client.opening();
                    client.send(authentication(
                            11,
                            "r=" + client.beginScram("SCRAM-SHA-256") + "x,s=c2FsdHNhbHQ=,i="
                                    + Authentication.MAX_ITERATIONS));
                    client.message();
                    client.send(error("28P01", "no"));
                }))
                .isLessThan(BEARABLE);
    }

    private static Duration quietest(String options, Script script) {
        LoopResources loops = LoopResources.create("stall", 1, true);
        try (ScriptedServer server = ScriptedServer.running(script)) {
            Connector connector = new Connector(
                    ConnectionString.parse("postgresql://u:p@localhost:" + server.port() + "/d?" + options),
                    LIMIT,
                    loops,
                    new ConnectListener() {});
            long quietest = Long.MAX_VALUE;
            for (int i = 0; i < CONNECTS; i++) {
                AtomicLong longest = new AtomicLong();
                ScheduledFuture<?> watch = watch(loops.onClient(true).next(), longest);
                connector.connect().onErrorComplete().block(LIMIT);
                watch.cancel(false);
                quietest = Math.min(quietest, longest.get());
            }
            return Duration.ofNanos(quietest);
        } finally {
            loops.disposeLater().block(LIMIT);
        }
    }

    private static ScheduledFuture<?> watch(ScheduledExecutorService loop, AtomicLong longest) {
        AtomicLong last = new AtomicLong(System.nanoTime());
        return loop.scheduleAtFixedRate(
                () -> {
                    long now = System.nanoTime();
                    longest.accumulateAndGet(now - last.getAndSet(now), Math::max);
                },
                1,
                1,
                TimeUnit.MILLISECONDS);
    }
}
