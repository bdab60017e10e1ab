package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.r2dbcsession.internal.sql.Bindings;
import io.github.r2dbcsession.internal.sql.ParsedSql;
import java.lang.management.ManagementFactory;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.util.context.Context;

class TelemetryTest {

    /** Too few for a compiler that would leave allocations out. */
    private static final int CALLS = 200;

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Listeners listeners = new Listeners();
    private final Telemetry telemetry = Telemetry.to(listeners, new SqlComment(new TreeMap<>()));
    private final ParsedSql sql = ParsedSql.parse("SELECT :n");
    private final Bindings bindings = Bindings.none().with("n", 1);
    private final Flux<Integer> answer = Flux.just(1);
    private final TransactionOptions options = TransactionOptions.defaults().name("transfer");

    @Test
    void whileNobodyListensNothingIsAllocatedForAStatement() {
        assertThat(telemetry.watch(answer, sql, bindings, "find", false)).isSameAs(answer);
        assertThat(allocated(this::statement)).isZero();

        var listening = listeners.add(new DatabaseListener() {});
        assertThat(telemetry.watch(answer, sql, bindings, "find", false)).isNotSameAs(answer);
        assertThat(allocated(this::statement)).as("what is measured").isPositive();

        listening.dispose();
        assertThat(allocated(this::statement)).isZero();
    }

    @Test
    void whileNobodyListensNothingIsAllocatedForATransaction() {
        assertThat(telemetry.watch(options, Context.empty())).isNull();
        assertThat(allocated(this::transaction)).isZero();

        listeners.add(new DatabaseListener() {});
        assertThat(telemetry.watch(options, Context.empty())).isNotNull();
        assertThat(allocated(this::transaction)).as("what is measured").isPositive();
    }

    private void statement() {
        telemetry.comment().on(sql.text());
        telemetry.watch(answer, sql, bindings, "find", false);
    }

    private void transaction() {
        telemetry.watch(options, Context.empty());
    }

    /** Bytes in all, once everything that is loaded first has been. */
    private static long allocated(Runnable work) {
        repeat(work);
        long before = THREADS.getCurrentThreadAllocatedBytes();
        repeat(work);
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    private static void repeat(Runnable work) {
        for (int i = 0; i < CALLS; i++) {
            work.run();
        }
    }
}
