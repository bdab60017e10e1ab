package io.github.r2dbcsession.bulk;

import com.sun.management.OperatingSystemMXBean;
import io.github.r2dbcsession.testing.TestDatabase;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The CPU time spent so far: by this process, and by the server where it runs on this machine under Linux. */
final class Cpu {

    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final double TICK = 0.01;

    private final long postmaster;

    Cpu(TestDatabase server) {
        this.postmaster = Long.parseLong(
                server.query("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)", row -> row.getString(1))
                        .get(0));
    }

    static double load() {
        return SYSTEM.getSystemLoadAverage();
    }

    /** Seconds of this process, its compiler and garbage collector included. */
    double client() {
        return SYSTEM.getProcessCpuTime() / 1e9;
    }

    /** Seconds of the server's processes, those that have ended included; 0 where they are not to be seen. */
    double server() {
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes
                    .filter(process -> process.getFileName().toString().matches("\\d+"))
                    .mapToDouble(this::seconds)
                    .sum();
        } catch (IOException e) {
            return 0;
        }
    }

    private double seconds(Path process) {
        try {
            String stat = Files.readString(process.resolve("stat"));
            List<String> fields =
                    List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
            boolean itself = process.getFileName().toString().equals(Long.toString(postmaster));
            if (!itself && Long.parseLong(fields.get(1)) != postmaster) {
                return 0;
            }
            long ticks = Long.parseLong(fields.get(11)) + Long.parseLong(fields.get(12));
            return TICK * (itself ? ticks + Long.parseLong(fields.get(13)) + Long.parseLong(fields.get(14)) : ticks);
        } catch (IOException gone) {
            return 0;
        }
    }
}
