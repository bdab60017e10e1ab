package io.github.r2dbcsession;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What work has put off until its transaction commits or has ended. Each action runs once, in the order they came. */
final class Hooks {

    private static final Logger log = LoggerFactory.getLogger(Transaction.class);

    private final Queue<Mono<?>> beforeCommit = new ConcurrentLinkedQueue<>();
    private final Queue<Mono<?>> afterCommit = new ConcurrentLinkedQueue<>();
    private final Queue<Mono<?>> afterRollback = new ConcurrentLinkedQueue<>();

    void addBeforeCommit(Mono<?> action) {
        beforeCommit.add(action);
    }

    void addAfterCommit(Mono<?> action) {
        afterCommit.add(action);
    }

    void addAfterRollback(Mono<?> action) {
        afterRollback.add(action);
    }

    boolean hasBeforeCommit() {
        return !beforeCommit.isEmpty();
    }

    /** Runs the actions, those included that they add, up to the first that fails. */
    Mono<Void> beforeCommit() {
        return drained(beforeCommit).concatMap(action -> action, 0).then();
    }

    /** Runs what waited for such an end; an end that is not known lets nothing run. */
    Mono<Void> afterwards(@Nullable TransactionOutcome outcome, String transaction) {
        if (outcome == TransactionOutcome.COMMITTED) {
            return afterCommit.isEmpty() ? Mono.empty() : after(afterCommit, "afterCommit", transaction);
        }
        return outcome == TransactionOutcome.ROLLED_BACK ? afterRollback(transaction) : Mono.empty();
    }

    /** Runs every action; what fails is logged, for the transaction has ended as it has. */
    Mono<Void> afterRollback(String transaction) {
        return after(afterRollback, "afterRollback", transaction);
    }

    private static Mono<Void> after(Queue<Mono<?>> actions, String when, String transaction) {
        return drained(actions)
                .concatMap(
                        action -> action.then().onErrorResume(failure -> {
                            log.warn("an {} action of the {} failed", when, transaction, failure);
                            return Mono.empty();
                        }),
                        0)
                .then();
    }

    private static Flux<Mono<?>> drained(Queue<Mono<?>> actions) {
        return Flux.generate(sink -> {
            Mono<?> next = actions.poll();
            if (next == null) {
                sink.complete();
            } else {
                sink.next(next);
            }
        });
    }

    /** Leaves everything to the transaction around. */
    void moveTo(Hooks outer) {
        move(beforeCommit, outer.beforeCommit);
        move(afterCommit, outer.afterCommit);
        move(afterRollback, outer.afterRollback);
    }

    private static void move(Queue<Mono<?>> from, Queue<Mono<?>> to) {
        for (Mono<?> action = from.poll(); action != null; action = from.poll()) {
            to.add(action);
        }
    }
}
