package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

class TurnsTest {

    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final Turns turns = new Turns(2);

    @Test
    void othersWaitInTheOrderTheyCame() {
        List<Integer> begun = new ArrayList<>();
        List<Sinks.Empty<Void>> ends = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int number = i;
            Sinks.Empty<Void> end = Sinks.empty();
            ends.add(end);
            turns.inTurn(end.asMono().doOnSubscribe(s -> begun.add(number))).subscribe();
        }

        assertThat(begun).containsExactly(0, 1);
        ends.get(1).tryEmitEmpty();
        assertThat(begun).containsExactly(0, 1, 2);
        ends.get(0).tryEmitEmpty();
        assertThat(begun).containsExactly(0, 1, 2, 3);
    }

    @Test
    void aFailureAndACancelEndATurnToo() {
        Disposable held = turns.inTurn(Mono.never()).subscribe();
        StepVerifier.create(turns.inTurn(Mono.error(new IllegalStateException("no"))))
                .expectError(IllegalStateException.class)
                .verify(LIMIT);
        held.dispose();

        StepVerifier.create(Flux.merge(turns.inTurn(Mono.just(1)), turns.inTurn(Mono.just(2))))
                .expectNextCount(2)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void whoGivesUpWaitingLosesNoTurn() {
        Disposable first = turns.inTurn(Mono.never()).subscribe();
        Disposable second = turns.inTurn(Mono.never()).subscribe();
        AtomicInteger begun = new AtomicInteger();
        StepVerifier.create(
                        turns.inTurn(Mono.fromRunnable(begun::incrementAndGet)).timeout(Duration.ofMillis(10)))
                .expectError(TimeoutException.class)
                .verify(LIMIT);

        first.dispose();
        second.dispose();

        assertThat(begun).hasValue(0);
        StepVerifier.create(turns.inTurn(Mono.just(1)))
                .expectNext(1)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void cancelsAtRandomNeitherLoseATurnNorMakeOne() {
        Flux.range(0, 20_000)
                .flatMap(
                        i -> turns.inTurn(Mono.delay(Duration.ofNanos(1_000)))
                                .subscribeOn(Schedulers.parallel())
                                .takeUntilOther(Mono.delay(Duration.ofNanos(
                                        ThreadLocalRandom.current().nextLong(200_000)))),
                        32)
                .blockLast(LIMIT);

        Disposable first = turns.inTurn(Mono.never()).subscribe();
        turns.inTurn(Mono.never()).subscribe();
        AtomicInteger third = new AtomicInteger();
        turns.inTurn(Mono.fromRunnable(third::incrementAndGet)).subscribe();
        assertThat(third).hasValue(0);
        first.dispose();
        // One that was cancelled while it began may still be giving its turn back on its own thread.
        await().untilAsserted(() -> assertThat(third).hasValue(1));
    }
}
