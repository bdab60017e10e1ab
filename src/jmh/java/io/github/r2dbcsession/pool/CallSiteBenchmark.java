package io.github.r2dbcsession.pool;

import io.github.r2dbcsession.internal.pool.CallSite;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** What it costs to know the line of the application that asks for a connection: looked up by the lambda that it passes, or walked to. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CallSiteBenchmark {

    private final Supplier<String> work = () -> "work";

    @Benchmark
    public Object lambda() {
        return CallSite.of(work);
    }

    @Benchmark
    public Object walk() {
        return CallSite.here();
    }

    /** Runs both in one JVM of their own. */
    public static void main(String... arguments) throws RunnerException {
        new Runner(new OptionsBuilder()
                        .include(CallSiteBenchmark.class.getName())
                        .addProfiler("gc")
                        .forks(1)
                        .build())
                .run();
    }
}
