package io.github.r2dbcsession.internal.pool;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.github.r2dbcsession.internal.connection.IdleConnections;
import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** A connection comes while its attempt gives way to another: somebody has it open, or it is closed and its end is told. */
@JCStressTest
@Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "it came first, and is open")
@Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "given up first, and closed")
@Outcome(expect = FORBIDDEN, desc = "left open with nobody, lent while closed, or nobody was told")
@State
public class AttemptStress {

    private final Attempt attempt = new Attempt(false, Duration.ofSeconds(1));
    private final PhysicalConnection connection = IdleConnections.mortal();
    private final AtomicInteger come = new AtomicInteger();
    private final AtomicInteger ended = new AtomicInteger();
    private final Arriving<PhysicalConnection> connect = new Arriving<>();

    {
        attempt.run(connect).subscribe(made -> come.incrementAndGet(), failure -> ended.incrementAndGet());
    }

    @Actor
    public void connects() {
        connect.arrive(connection);
    }

    @Actor
    public void givesWay() {
        attempt.giveUp();
    }

    @Arbiter
    public void tell(III_Result result) {
        result.r1 = come.get();
        result.r2 = ended.get();
        result.r3 = connection.isOpen() ? 1 : 0;
    }
}
