package io.github.r2dbcsession.internal.connection;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.netty.util.concurrent.ImmediateEventExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import reactor.core.Disposable;
import reactor.core.publisher.Sinks;

/** The answer ends while its reader cancels: the statement is counted as ended once, and the reader hears of one end at most. */
@JCStressTest
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "cancelled first")
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "ended first")
@Outcome(expect = FORBIDDEN, desc = "counted wrongly, or told twice")
@State
public class ConversationStress {

    private final Conversations conversations = new Conversations(ImmediateEventExecutor.INSTANCE);
    private final AtomicInteger ends = new AtomicInteger();
    private final Sinks.Many<Integer> answer = Sinks.many().unicast().onBackpressureBuffer();
    private final Disposable reader = new Conversation<>(
                    (Conversation.Statement<Integer>) alone -> answer.asFlux(), conversations)
            .subscribe(row -> {}, failure -> ends.incrementAndGet(), ends::incrementAndGet);

    @Actor
    public void answers() {
        answer.tryEmitNext(1);
        answer.tryEmitComplete();
    }

    @Actor
    public void cancels() {
        reader.dispose();
    }

    @Arbiter
    public void count(II_Result result) {
        result.r1 = conversations.open();
        result.r2 = ends.get();
    }
}
