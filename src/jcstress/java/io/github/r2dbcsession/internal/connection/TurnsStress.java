package io.github.r2dbcsession.internal.connection;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;
import reactor.core.Disposable;
import reactor.core.publisher.Mono;

/** The one who has the turn ends while the one who waits for it gives up: the turn is neither lost nor doubled. */
@JCStressTest
@Outcome(id = "1", expect = ACCEPTABLE, desc = "one turn can be had afterwards")
@Outcome(expect = FORBIDDEN, desc = "a turn was lost or made")
@State
public class TurnsStress {

    private final Turns turns = new Turns(1);
    private final Disposable first = turns.inTurn(Mono.never()).subscribe();
    private final Disposable second = turns.inTurn(Mono.never()).subscribe();
    private int begun;

    @Actor
    public void ends() {
        first.dispose();
    }

    @Actor
    public void givesUp() {
        second.dispose();
    }

    @Arbiter
    public void count(I_Result result) {
        for (int i = 0; i < 3; i++) {
            turns.inTurn(Mono.never().doOnSubscribe(s -> begun++)).subscribe();
        }
        result.r1 = begun;
    }
}
