package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.internal.cell.Cell;
import io.github.r2dbcsession.internal.cell.DriverRow;
import io.github.r2dbcsession.sql.Json;
import io.github.r2dbcsession.sql.Range;
import io.github.r2dbcsession.sql.RowMappingException;
import io.r2dbc.postgresql.codec.Interval;
import io.r2dbc.spi.Row;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.ZonedDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is read from the bytes of a cell is what the driver reads, value or error, as every class and under every setting that matters. */
@ExtendWith(ServerParameter.class)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CellsAgainstDriverTest {

    private enum Colour {
        RED
    }

    private static final int VALUES = switch (System.getProperty("scale", "commit")) {
        case "nightly" -> 20_000;
        case "weekly" -> 100_000;
        default -> 80;
    };

    private static final List<String> MOVED_BY_SETTINGS =
            List.of("date", "time", "timestamp", "timestamptz", "interval", "float4", "float8", "bytea", "text");

    private static final List<Class<?>> TARGETS = List.of(
            Object.class,
            String.class,
            Character.class,
            Boolean.class,
            boolean.class,
            Byte.class,
            Short.class,
            int.class,
            Integer.class,
            Long.class,
            Float.class,
            Double.class,
            BigInteger.class,
            BigDecimal.class,
            UUID.class,
            byte[].class,
            LocalDate.class,
            LocalTime.class,
            OffsetTime.class,
            LocalDateTime.class,
            OffsetDateTime.class,
            ZonedDateTime.class,
            Instant.class,
            Interval.class,
            Duration.class,
            Period.class,
            InetAddress.class,
            Json.class,
            Colour.class,
            Range.class,
            Integer[].class,
            String[].class,
            List.class);

    private static BareConnection server;

    private final long seed = Long.getLong("seed", System.nanoTime());
    private final RandomLiterals literals = new RandomLiterals(new Random(seed));

    /** How many values of the types that are read from bytes were, and how many the driver read. */
    private int direct;

    private int unusual;

    @BeforeAll
    static void server(BareConnection given) {
        server = given;
        server.run("DROP TYPE IF EXISTS colour", "CREATE TYPE colour AS ENUM ('RED', 'grün')");
    }

    @AfterEach
    void reset() {
        server.run("RESET ALL");
    }

    @Test
    void asTheServerIsSet() {
        compare(RandomLiterals.types(), VALUES);

        assertThat(direct).as("seed %d, read by the driver: %d", seed, unusual).isGreaterThan(2 * unusual);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "timezone = 'Asia/Kolkata'",
                "timezone = 'America/St_Johns'",
                "timezone = 'Africa/Monrovia'",
                "datestyle = 'German'",
                "datestyle = 'SQL, DMY'",
                "datestyle = 'Postgres, MDY'",
                "intervalstyle = 'iso_8601'",
                "bytea_output = 'escape'",
                "extra_float_digits = -4",
                "client_encoding = 'LATIN9'",
            })
    void underASetting(String setting) {
        server.run("SET " + setting);

        compare(MOVED_BY_SETTINGS, VALUES / 4);
    }

    private void compare(List<String> types, int count) {
        for (String type : types) {
            List<String> values = literals.of(type, count);
            Map<Class<?>, ColumnReader> readers = new LinkedHashMap<>();
            int read = Objects.requireNonNull(server.query(
                            "SELECT v::" + type + " FROM unnest($1) WITH ORDINALITY AS given (v, n) ORDER BY n",
                            Bindings.none().with(1, values, String.class),
                            (row, metadata) -> compare(row, Columns.of(metadata).at(0, type), readers)))
                    .size();
            assertThat(read).as("seed %d, %s", seed, type).isEqualTo(values.size());
        }
    }

    /** @param readers those that read bytes; all are tried on the first row */
    private int compare(Row row, Column column, Map<Class<?>, ColumnReader> readers) {
        if (readers.isEmpty()) {
            readers.putAll(readers(column));
        }
        readers.entrySet().removeIf(entry -> {
            DriverRow drivers = new DriverRow(row);
            Object driver = outcome(entry.getValue(), drivers);
            Object here = outcome(entry.getValue(), row);
            assertThat(Objects.deepEquals(here, driver))
                    .as("seed %d, %s as %s: %s and not %s", seed, column.typeName(), entry.getKey(), here, driver)
                    .isTrue();
            return !drivers.askedForBytes();
        });
        count(row, column);
        return readers.size();
    }

    private static Map<Class<?>, ColumnReader> readers(Column column) {
        Map<Class<?>, ColumnReader> readers = new LinkedHashMap<>();
        for (Class<?> target : TARGETS) {
            try {
                readers.put(target, ColumnReader.of(column, target, "test"));
            } catch (RowMappingException never) {
                // Neither reads it so.
            }
        }
        return readers;
    }

    private void count(Row row, Column column) {
        CellReader reader = CellReaders.of(column.type(), Natural.of(column.type()));
        Cell cell = row.get(0, Cell.class);
        if (reader != null && cell != null) {
            boolean usual = cell.isTold() && reader.read(cell.bytes(), cell.length()) != null;
            direct += usual ? 1 : 0;
            unusual += usual ? 0 : 1;
        }
    }

    private static @Nullable Object outcome(ColumnReader reader, Row row) {
        try {
            return reader.read(row);
        } catch (RowMappingException | IllegalStateException e) {
            return String.valueOf(e.getMessage());
        }
    }
}
