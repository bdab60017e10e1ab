package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.config.Credentials;
import io.github.r2dbcsession.connection.AuthenticationFailedException;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

class LoginTest {

    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final AtomicLong clock = new AtomicLong();
    private final AtomicInteger reached = new AtomicInteger();
    private final Login login = new Login(Credentials.of("app", "secret"), clock::get);

    @Test
    void aStormOfWrongPasswordsReachesTheServerThreeTimesAMinute() {
        for (int minute = 1; minute <= 2; minute++) {
            StepVerifier.create(Flux.range(0, 50)
                            .flatMap(
                                    i -> attempt(refusal().delaySubscription(Duration.ofMillis(20)), LIMIT)
                                            .materialize(),
                                    50)
                            .count())
                    .expectNext(50L)
                    .expectComplete()
                    .verify(LIMIT);
            assertThat(reached).hasValue(3 * minute);
            clock.addAndGet(Duration.ofMinutes(1).toNanos());
        }
    }

    @Test
    void whatIsKeptFromTheServerTellsWhenTheNextTryIs() {
        StepVerifier.create(attempt(refusal(), LIMIT).retry(2))
                .expectError(AuthenticationFailedException.class)
                .verify(LIMIT);
        clock.addAndGet(Duration.ofSeconds(20).toNanos());

        StepVerifier.create(attempt(refusal(), LIMIT))
                .expectErrorSatisfies(failure -> assertThat(failure)
                        .isInstanceOf(AuthenticationFailedException.class)
                        .hasMessageContaining("the next try is in 41 s"))
                .verify(LIMIT);
        assertThat(reached).hasValue(3);
    }

    @Test
    void aRefusalBeforeAnAttemptWithoutTlsCounts() {
        StepVerifier.create(attempt(refusal().onErrorMap(LoginTest::thenRefusedWithoutTls), LIMIT)
                        .retry(9))
                .expectError(AuthenticationFailedException.class)
                .verify(LIMIT);
        assertThat(reached).hasValue(3);
    }

    @Test
    void othersGoOnAsSoonAsThePasswordIsProven() {
        StepVerifier.create(Flux.range(0, 50)
                        .flatMap(i -> attempt(Mono.just(i).delayElement(Duration.ofMillis(20)), LIMIT), 50)
                        .count())
                .expectNext(50L)
                .expectComplete()
                .verify(LIMIT);
        assertThat(reached).hasValue(50);
    }

    @Test
    void otherFailuresAndCancelsLetOthersTry() {
        for (int i = 0; i < 10; i++) {
            StepVerifier.create(attempt(Mono.error(new IllegalStateException("down")), LIMIT))
                    .expectError(IllegalStateException.class)
                    .verify(LIMIT);
            StepVerifier.create(attempt(Mono.never(), LIMIT))
                    .expectSubscription()
                    .thenCancel()
                    .verify(LIMIT);
        }
        assertThat(reached).hasValue(20);
    }

    @Test
    void waitingForOthersEndsAtTheDeadline() {
        Flux.range(0, 3).flatMap(i -> attempt(Mono.never(), LIMIT)).subscribe();

        StepVerifier.create(attempt(Mono.just(1), Duration.ofMillis(100)))
                .expectError(ConnectTimeoutException.class)
                .verify(LIMIT);
        assertThat(reached).hasValue(3);
    }

    @Test
    void connectionsOfReplacedCredentialsRetireOneByOneWithinTenSeconds() {
        var retirements = Stream.generate(login::retirement).limit(1000).toList();
        clock.addAndGet(Duration.ofHours(1).toNanos());
        assertThat(retirements).noneMatch(BooleanSupplier::getAsBoolean);

        login.replace();
        clock.addAndGet(Duration.ofSeconds(5).toNanos());
        assertThat(retirements.stream().filter(BooleanSupplier::getAsBoolean).count())
                .isBetween(400L, 600L);
        clock.addAndGet(Duration.ofSeconds(5).toNanos());
        assertThat(retirements).allMatch(BooleanSupplier::getAsBoolean);
    }

    private <T> Mono<T> attempt(Mono<T> connect, Duration limit) {
        return Mono.defer(() -> login.attempt(
                Mono.defer(() -> {
                    reached.incrementAndGet();
                    return connect;
                }),
                Deadline.in(limit)));
    }

    private static Throwable thenRefusedWithoutTls(Throwable before) {
        AuthenticationFailedException last =
                new AuthenticationFailedException("no entry", "28000", new IllegalStateException("pg_hba.conf"));
        last.addSuppressed(before);
        return last;
    }

    private static Mono<Integer> refusal() {
        return Mono.error(() -> new AuthenticationFailedException(
                "refused", "28P01", new IllegalStateException("password authentication failed")));
    }
}
