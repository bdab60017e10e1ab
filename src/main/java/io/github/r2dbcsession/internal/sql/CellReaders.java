package io.github.r2dbcsession.internal.sql;

import static io.r2dbc.postgresql.codec.PostgresqlObjectId.BOOL;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.BPCHAR;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.DATE;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.FLOAT4;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.FLOAT8;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.INT2;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.INT4;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.INT8;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.NAME;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.NUMERIC;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.OID;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.TEXT;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.TIME;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.TIMESTAMP;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.TIMESTAMPTZ;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.UUID;
import static io.r2dbc.postgresql.codec.PostgresqlObjectId.VARCHAR;
import static java.util.Map.entry;

import io.r2dbc.postgresql.codec.PostgresqlObjectId;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What is read from its bytes: all but arrays as strings, and what most columns have as the classes that the driver is asked for. */
final class CellReaders {

    private static final Map<PostgresqlObjectId, Map<Class<?>, CellReader>> READERS = Map.ofEntries(
            entry(BOOL, natural(Boolean.class, CellReaders::bool)),
            entry(
                    INT2,
                    Map.of(
                            Object.class, NumberCell::int2,
                            Short.class, NumberCell::int2,
                            Long.class, NumberCell::int8)),
            entry(
                    INT4,
                    Map.of(
                            Object.class, NumberCell::int4,
                            Integer.class, NumberCell::int4,
                            Long.class, NumberCell::int8)),
            entry(INT8, natural(Long.class, NumberCell::int8)),
            entry(OID, Map.of(Long.class, NumberCell::int8)),
            entry(FLOAT4, natural(Float.class, NumberCell::float4)),
            entry(FLOAT8, natural(Double.class, NumberCell::float8)),
            entry(NUMERIC, natural(BigDecimal.class, NumberCell::numeric)),
            entry(TEXT, Map.of(Object.class, CellReaders::text)),
            entry(VARCHAR, Map.of(Object.class, CellReaders::text)),
            entry(BPCHAR, Map.of(Object.class, CellReaders::text)),
            entry(NAME, Map.of(Object.class, CellReaders::text)),
            entry(UUID, natural(java.util.UUID.class, HexCell::uuid)),
            entry(DATE, natural(LocalDate.class, TimeCell::date)),
            entry(TIME, natural(LocalTime.class, TimeCell::time)),
            entry(TIMESTAMP, natural(LocalDateTime.class, TimeCell::timestamp)),
            entry(
                    TIMESTAMPTZ,
                    Map.of(
                            Object.class, TimeCell::offset,
                            OffsetDateTime.class, TimeCell::offset,
                            ZonedDateTime.class, TimeCell::zoned,
                            Instant.class, TimeCell::instant)));

    private CellReaders() {}

    /** Returns the reader; null where there is none and the driver reads all. */
    static @Nullable CellReader of(PostgresqlObjectId type, Class<?> asked) {
        return asked == String.class && !type.name().endsWith("_ARRAY")
                ? CellReaders::text
                : READERS.getOrDefault(type, Map.of()).get(asked);
    }

    /** What the driver is asked for by this class is read so, and what it chooses itself. */
    private static Map<Class<?>, CellReader> natural(Class<?> asked, CellReader reader) {
        return Map.of(asked, reader, Object.class, reader);
    }

    private static @Nullable Boolean bool(byte[] bytes, int length) {
        if (length != 1) {
            return null;
        } else if (bytes[0] == 't') {
            return Boolean.TRUE;
        }
        return bytes[0] == 'f' ? Boolean.FALSE : null;
    }

    private static String text(byte[] bytes, int length) {
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
