package io.github.r2dbcsession.config;

import io.r2dbc.spi.ConnectionFactoryOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/** What reading one connection string costs, by family, against the R2DBC SPI's own reading of its URL. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
public class ParsingBenchmark {

    private static final int ROUNDS = 3;
    private static final String SPI = "spi";
    private static final Map<String, String> STRINGS = Map.of(
            SPI,
            "r2dbc:postgresql://app:secret@db:5433/shop?sslMode=require&applicationName=ledger",
            "r2dbc",
            "r2dbc:postgresql://app:secret@db:5433/shop?sslMode=require&applicationName=ledger",
            "libpq",
            "postgresql://app:secret@db:5433/shop?sslmode=require&application_name=ledger",
            "keywords",
            "host=db port=5433 user=app password=secret dbname=shop sslmode=require application_name=ledger",
            "jdbc",
            "jdbc:postgresql://db:5433/shop?user=app&password=secret&sslmode=require&ApplicationName=ledger",
            "sqlalchemy",
            "postgresql+asyncpg://app:secret@db:5433/shop?ssl=require&application_name=ledger",
            "brackets",
            "postgresql+psycopg2://app:y5[x/z@w@db:5433/shop?sslmode=require&application_name=ledger");

    @Param({SPI, "r2dbc", "libpq", "keywords", "jdbc", "sqlalchemy", "brackets"})
    public String family;

    @Benchmark
    public Object parse() {
        String string = STRINGS.get(family);
        return family.equals(SPI) ? ConnectionFactoryOptions.parse(string) : ConnectionString.parse(string);
    }

    /** Runs every family in turn, a fresh JVM each, several rounds, and tells the medians. */
    public static void main(String... arguments) throws RunnerException {
        Map<String, List<Double>> scores = new TreeMap<>();
        for (int round = 0; round < ROUNDS; round++) {
            for (RunResult result : new Runner(new OptionsBuilder()
                            .include(ParsingBenchmark.class.getName())
                            .forks(1)
                            .build())
                    .run()) {
                scores.computeIfAbsent(result.getParams().getParam("family"), family -> new ArrayList<>())
                        .add(result.getPrimaryResult().getScore());
            }
        }
        double spi = median(scores.get(SPI));
        scores.forEach((family, figures) -> System.out.printf(
                "%-12s %7.0f ns %6.2f x spi   rounds %s%n",
                family,
                median(figures),
                median(figures) / spi,
                figures.stream().map(Math::round).toList()));
    }

    private static double median(List<Double> figures) {
        return figures.stream().sorted().toList().get(figures.size() / 2);
    }
}
