package io.github.r2dbcsession;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.github.r2dbcsession.internal.pool.Leases;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import reactor.core.publisher.Flux;
import reactor.util.context.Context;

/** The first statement of a transaction begins while that is committed: it is refused, or the commit waits for it. */
@JCStressTest
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "refused, and committed without a round trip")
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "refused, though the commit saw it")
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "sent, and the commit waits for it")
@Outcome(id = "1, 1", expect = FORBIDDEN, desc = "sent, and left out of the commit")
@State
public class CommitStress {

    private static final DefaultDatabase DATABASE =
            (DefaultDatabase) Database.of("postgresql://nobody@127.0.0.1/none?sslmode=disable");

    private final DefaultTransaction transaction = new DefaultTransaction(
            Leases.idle(),
            DATABASE.transactions(),
            TransactionOptions.defaults(),
            ContextValues.none(),
            Context.empty());
    private volatile boolean sent;

    @Actor
    public void states() {
        transaction
                .run(true, on -> on.converse("SELECT 1", statement -> sent = true, result -> Flux.empty()))
                .subscribe(row -> {}, refused -> {});
    }

    @Actor
    public void commits() {
        transaction.commitOnly().subscribe(nothing -> {}, failed -> {});
    }

    @Arbiter
    public void tell(II_Result result) {
        result.r1 = sent ? 1 : 0;
        result.r2 = transaction.outcome() == TransactionOutcome.COMMITTED ? 1 : 0;
    }
}
