package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.internal.sql.Bindings;
import io.github.r2dbcsession.internal.sql.ParsedSql;
import io.github.r2dbcsession.testing.Logged;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Flux;
import reactor.test.publisher.TestPublisher;
import reactor.util.context.Context;

class WatchedQueryTest {

    private final List<QueryEnd> ends = new ArrayList<>();
    private final TestPublisher<Long> answer = TestPublisher.create();
    private final QueryStart select = query("SELECT 1");
    private final Flux<Long> watched = new WatchedQuery<>(
            answer.flux(),
            new DatabaseListener() {
                @Override
                public void onQuery(QueryEnd end) {
                    ends.add(end);
                }
            },
            select,
            true);

    @Test
    void anEndIsToldOfOnceWhateverFollowsIt() {
        Subscription caller = subscribe();
        answer.next(2L, 3L).complete();
        caller.cancel();

        assertThat(ends).singleElement().satisfies(end -> {
            assertThat(end.outcome()).isEqualTo(QueryOutcome.COMPLETED);
            assertThat(end.rows()).isEqualTo(5);
            assertThat(end.query()).isSameAs(select);
        });
    }

    @Test
    void itTakesAsLongAsItTakes() {
        long start = System.nanoTime();
        subscribe();
        answer.error(new IllegalStateException("no"));
        Duration limit = Duration.ofNanos(System.nanoTime() - start);

        assertThat(ends).singleElement().satisfies(end -> {
            assertThat(end.outcome()).isEqualTo(QueryOutcome.FAILED);
            assertThat(end.failure()).hasMessage("no");
            assertThat(end.duration()).isPositive().isLessThanOrEqualTo(limit);
        });
    }

    @Test
    void theLogTakesWhatReachesItsThreshold() {
        Database db =
                Database.builder("postgresql://app@localhost/shop").name("shop").build();
        SlowQueryLog slow = SlowQueryLog.of(db, Duration.ofSeconds(1));
        try (Logged log = new Logged(SlowQueryLog.class)) {
            slow.onQuery(end(Duration.ofMillis(999)));
            assertThat(log.messages()).isEmpty();

            slow.onQuery(end(Duration.ofSeconds(1)));
            assertThat(log.messages()).containsExactly("shop: SELECT took 1000 ms (completed, 1 rows): SELECT ?");
        }
    }

    @Test
    void theLogSaysHowManyItLeftOut() {
        Database db = Database.of("postgresql://app@localhost/shop");
        SlowQueryLog slow = SlowQueryLog.of(db, Duration.ofSeconds(1));
        try (Logged log = new Logged(SlowQueryLog.class)) {
            await().atMost(Duration.ofSeconds(30)).until(() -> {
                for (int i = 0; i < 20; i++) {
                    slow.onQuery(end(Duration.ofSeconds(2)));
                }
                return log.messages().stream()
                        .anyMatch(message -> message.matches(".*; \\d+ more were slow and are not logged"));
            });
        }
    }

    private QueryEnd end(Duration duration) {
        return new QueryEnd(select, QueryOutcome.COMPLETED, duration, 1, null, Context.empty());
    }

    private static QueryStart query(String sql) {
        return new QueryStart(new QueryStart.Text(sql), null, new Plan(ParsedSql.parse(sql), Bindings.none()));
    }

    /** Subscribes by hand, for Reactor's own subscribers forget what has ended. */
    private Subscription subscribe() {
        AtomicReference<Subscription> kept = new AtomicReference<>();
        watched.subscribe(new CoreSubscriber<Long>() {
            @Override
            public void onSubscribe(Subscription subscription) {
                kept.set(subscription);
                subscription.request(Long.MAX_VALUE);
            }

            @Override
            public void onNext(Long element) {}

            @Override
            public void onError(Throwable failure) {}

            @Override
            public void onComplete() {}
        });
        return kept.get();
    }
}
