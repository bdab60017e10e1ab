package io.github.r2dbcsession.internal.pool;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.github.r2dbcsession.config.ResetPolicy;
import io.github.r2dbcsession.internal.connection.IdleConnections;
import io.github.r2dbcsession.internal.connection.Lead;
import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import io.github.r2dbcsession.internal.connection.Preamble;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** What two threads may do to one lease at a time. */
public final class ReleaseStress {

    private static final Gate GATE = new Gate(true, ResetPolicy.TRUSTING);
    private static final Preamble BEGIN = Preamble.of(List.of("BEGIN"));

    private ReleaseStress() {}

    /** A lease whose way back notes how often it was taken, and whether the connection was idle then. */
    private static final class Lent {

        final Figures figures = new Figures();
        final AtomicInteger returns = new AtomicInteger();
        final PhysicalConnection connection = IdleConnections.idle();
        final Lease lease = new Lease(
                connection,
                GATE,
                Home.of(Mono.fromRunnable(() -> {
                    wasIdle = connection.isIdle();
                    returns.incrementAndGet();
                })),
                figures,
                Audience.NOBODY,
                CallSite.UNKNOWN);
        volatile boolean wasIdle;
    }

    /** A statement begins while the lease is released: it is either refused, or seen by the release. */
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "refused, and returned idle")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "refused, though the release saw it")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "sent, and returned busy")
    @Outcome(id = "1, 1", expect = FORBIDDEN, desc = "sent on a connection that passed for idle")
    @State
    public static class AgainstAStatement {

        private final Lent lent = new Lent();
        private volatile boolean sent;

        @Actor
        public void releases() {
            lent.lease.release().subscribe();
        }

        @Actor
        public void states() {
            lent.lease
                    .converse("SELECT 1", statement -> sent = true, result -> Flux.empty())
                    .subscribe(row -> {}, refused -> {});
        }

        @Arbiter
        public void tell(II_Result result) {
            result.r1 = sent ? 1 : 0;
            result.r2 = lent.wasIdle ? 1 : 0;
        }
    }

    /** The first statement of a transaction begins while the lease is released. */
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "refused, and returned idle")
    @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "refused, though the release saw it")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "sent, and returned busy")
    @Outcome(id = "1, 1", expect = FORBIDDEN, desc = "sent on a connection that passed for idle")
    @State
    public static class AgainstABegin {

        private final Lent lent = new Lent();
        private final Begun begun = new Begun();
        private volatile boolean sent;

        @Actor
        public void releases() {
            lent.lease.release().subscribe();
        }

        @Actor
        public void begins() {
            lent.lease
                    .behind(new Lead(BEGIN, begun))
                    .converse("SELECT 1", statement -> sent = true, result -> Flux.empty())
                    .subscribe(row -> {}, refused -> {});
        }

        @Arbiter
        public void tell(II_Result result) {
            result.r1 = sent ? 1 : 0;
            result.r2 = lent.wasIdle ? 1 : 0;
        }
    }

    /** The first statement of a transaction begins while its owner gives the BEGIN up: it goes out with it, or neither does. */
    @JCStressTest
    @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "sent, and the owner was not told that it was not")
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "given up, and not sent")
    @Outcome(expect = FORBIDDEN, desc = "sent without its BEGIN, or forgotten")
    @State
    public static class BeginAgainstGivingUp {

        private final Lent lent = new Lent();
        private final Begun begun = new Begun();
        private final Lead lead = new Lead(BEGIN, begun);
        private volatile boolean sent;

        @Actor
        public void begins() {
            lent.lease
                    .behind(lead)
                    .converse("SELECT 1", statement -> sent = true, result -> Flux.empty())
                    .subscribe(row -> {}, refused -> {});
        }

        @Actor
        public void givesUp() {
            if (lead.take()) {
                begun.unsent(null);
            }
        }

        @Arbiter
        public void tell(II_Result result) {
            result.r1 = begun.unsent.get();
            result.r2 = sent ? 1 : 0;
        }
    }

    /** Whose transaction begins. */
    private static final class Begun implements Lead.Owner {

        final AtomicInteger unsent = new AtomicInteger();

        @Override
        public void requireOpen() {
            // It is.
        }

        @Override
        public void begun() {
            throw new IllegalStateException("nobody answers");
        }

        @Override
        public void failed(boolean alone, @Nullable Throwable failure) {
            throw new IllegalStateException("nobody answers");
        }

        @Override
        public void vanished() {
            throw new IllegalStateException("nobody answers");
        }

        @Override
        public void unsent(@Nullable Throwable failure) {
            unsent.incrementAndGet();
        }
    }

    /** Two release at once: the connection goes back once, and the figures are those of nobody holding it. */
    @JCStressTest
    @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "given back once")
    @Outcome(expect = FORBIDDEN, desc = "given back twice, or counted wrongly")
    @State
    public static class AgainstARelease {

        private final Lent lent = new Lent();

        @Actor
        public void releases() {
            lent.lease.release().subscribe();
        }

        @Actor
        public void releasesToo() {
            lent.lease.release().subscribe();
        }

        @Arbiter
        public void tell(III_Result result) {
            result.r1 = lent.returns.get();
            result.r2 = lent.figures.acquired.get();
            result.r3 = lent.figures.recovering.get();
        }
    }

    /** The user of a lease cancels while the lease arrives: it goes back once. */
    @JCStressTest
    @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "given back once")
    @Outcome(expect = FORBIDDEN, desc = "kept for ever, or given back twice")
    @State
    public static class AgainstTheArrival {

        private final Lent lent = new Lent();
        private final Arriving<Lease> arriving = new Arriving<>();
        private final BaseSubscriber<Integer> user = new BaseSubscriber<>() {};

        {
            Lease.use(arriving, lease -> Flux.<Integer>never()).subscribe(user);
        }

        @Actor
        public void arrives() {
            arriving.arrive(lent.lease);
        }

        @Actor
        public void cancels() {
            user.cancel();
        }

        @Arbiter
        public void tell(II_Result result) {
            result.r1 = lent.returns.get();
            result.r2 = lent.figures.acquired.get();
        }
    }
}
