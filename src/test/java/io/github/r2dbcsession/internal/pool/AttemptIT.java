package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.connection.ConnectListener;
import io.github.r2dbcsession.internal.connection.Connector;
import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.netty.tcp.TcpResources;
import reactor.test.StepVerifier;

/** A connection that comes when its attempt has been given up is closed, at whichever moment that is. */
@DatabaseTest
class AttemptIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final TestDatabase server = TestDatabase.get();
    private final String name = TestDatabase.applicationName(AttemptIT.class);
    private final AtomicInteger connects = new AtomicInteger();
    private Runnable onConnect = () -> {};

    private final Connector connector = new Connector(
            ConnectionString.parse(server.url(AttemptIT.class)), LIMIT, TcpResources.get(), new ConnectListener() {
                @Override
                public void onConnect(Duration duration) {
                    connects.incrementAndGet();
                    onConnect.run();
                }
            });

    @AfterEach
    void nothingIsLeft() {
        server.awaitNoBackends(name);
    }

    @Test
    void givenUpJustBeforeTheConnectionComes() {
        Attempt attempt = new Attempt(false, LIMIT);
        onConnect = attempt::giveUp;

        StepVerifier.create(attempt.run(connector.connect()))
                .expectError(TimeoutException.class)
                .verify(LIMIT);

        assertThat(connects).hasValue(1);
        assertThat(attempt.madeWay()).isTrue();
    }

    @Test
    void givenUpJustAfterwards() {
        Attempt attempt = new Attempt(false, LIMIT);

        PhysicalConnection connection = attempt.run(connector.connect())
                .doOnNext(come -> attempt.giveUp())
                .block(LIMIT);

        assertThat(connection.isOpen()).isTrue();
        assertThat(attempt.madeWay()).isFalse();
        connection.close().block(LIMIT);
    }

    @Test
    void givenUpBeforeItBegins() {
        Attempt attempt = new Attempt(false, LIMIT);
        attempt.giveUp(new IllegalStateException("ended"));

        StepVerifier.create(attempt.run(connector.connect()))
                .expectErrorMessage("ended")
                .verify(LIMIT);

        assertThat(connects).hasValue(0);
        assertThat(attempt.madeWay()).isFalse();
    }

    @Test
    void hurriedAndOutOfTimeWhileTheConnectionIsOnItsWay() {
        Attempt attempt = new Attempt(true, Duration.ofSeconds(1));
        onConnect = () -> {
            long start = System.nanoTime();
            boolean wait = true;
            while (wait) {
                wait = !attempt.madeWay() && System.nanoTime() - start < LIMIT.toNanos();
            }
        };

        StepVerifier.create(attempt.run(connector.connect()))
                .expectError(TimeoutException.class)
                .verify(LIMIT);
    }
}
