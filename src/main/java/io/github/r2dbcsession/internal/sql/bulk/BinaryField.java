package io.github.r2dbcsession.internal.sql.bulk;

import io.github.r2dbcsession.sql.StatementException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/** Writes the values of one class for one type of PostgreSQL, each with its length in front. */
@FunctionalInterface
interface BinaryField {

    /** Throws {@link ArithmeticException} where the type cannot hold the value. */
    void write(RowBuffer out, Object value);

    /** The numbers of PostgreSQL's own types, which never change. */
    int BOOL = 16;

    int BYTEA = 17;
    int INT8 = 20;
    int INT2 = 21;
    int INT4 = 23;
    int JSON = 114;
    int FLOAT4 = 700;
    int FLOAT8 = 701;
    int DATE = 1082;
    int TIME = 1083;
    int TIMESTAMP = 1114;
    int TIMESTAMPTZ = 1184;
    int INTERVAL = 1186;
    int NUMERIC = 1700;
    int UUID_TYPE = 2950;
    int JSONB = 3802;

    /** Types whose binary format is their text: json, xml, name, text, bpchar, varchar, and the unknown. */
    Set<Long> TEXTS = Set.of((long) JSON, 142L, 19L, 25L, 1042L, 1043L, 705L);

    Map<Long, Map<Class<?>, BinaryField>> FIELDS = Map.ofEntries(
            Map.entry((long) BOOL, Map.of(Boolean.class, (out, value) -> {
                out.putInt(1);
                out.putByte((Boolean) value ? 1 : 0);
            })),
            Map.entry((long) BYTEA, Map.of(byte[].class, BinaryField::bytes, ByteBuffer.class, BinaryField::buffer)),
            Map.entry((long) INT2, whole(BinaryField::int2)),
            Map.entry((long) INT4, whole(BinaryField::int4)),
            Map.entry((long) INT8, whole(BinaryField::int8)),
            Map.entry((long) FLOAT4, Map.of(Float.class, (out, value) -> {
                out.putInt(Float.BYTES);
                out.putInt(Float.floatToIntBits((Float) value));
            })),
            Map.entry((long) FLOAT8, Map.of(Float.class, BinaryField::float8, Double.class, BinaryField::float8)),
            Map.entry(
                    (long) NUMERIC,
                    Map.of(
                            BigDecimal.class, (out, value) -> BinaryNumeric.write(out, (BigDecimal) value),
                            BigInteger.class,
                                    (out, value) -> BinaryNumeric.write(out, new BigDecimal((BigInteger) value)),
                            Long.class, BinaryField::numeric,
                            Integer.class, BinaryField::numeric,
                            Short.class, BinaryField::numeric)),
            Map.entry((long) UUID_TYPE, Map.of(UUID.class, (out, value) -> {
                out.putInt(2 * Long.BYTES);
                out.putLong(((UUID) value).getMostSignificantBits());
                out.putLong(((UUID) value).getLeastSignificantBits());
            })),
            Map.entry((long) DATE, Map.of(LocalDate.class, (out, value) -> {
                out.putInt(Integer.BYTES);
                out.putInt(BinaryTime.days((LocalDate) value));
            })),
            Map.entry((long) TIME, Map.of(LocalTime.class, micros(value -> BinaryTime.micros((LocalTime) value)))),
            Map.entry(
                    (long) TIMESTAMP,
                    Map.of(LocalDateTime.class, micros(value -> BinaryTime.micros((LocalDateTime) value)))),
            Map.entry(
                    (long) TIMESTAMPTZ,
                    Map.of(
                            Instant.class, micros(value -> BinaryTime.micros((Instant) value)),
                            OffsetDateTime.class, micros(value -> BinaryTime.micros((OffsetDateTime) value)),
                            ZonedDateTime.class,
                                    micros(value -> BinaryTime.micros(((ZonedDateTime) value).toInstant())))),
            Map.entry((long) INTERVAL, Map.of(Duration.class, (out, value) -> {
                out.putInt(16);
                out.putLong(BinaryTime.micros((Duration) value));
                out.putInt(0);
                out.putInt(0);
            })));

    /**
     * Finds how a component is written to its column.
     *
     * @throws StatementException when there is no way
     */
    static BinaryField of(RecordPart part, TableColumn column) {
        Class<?> type = part.type();
        boolean text = CharSequence.class.isAssignableFrom(type) || type == Character.class;
        if (type.isEnum() && (column.kind().equals("e") || TEXTS.contains(column.oid()))) {
            return (out, value) -> out.putText(((Enum<?>) value).name());
        } else if (text && (column.kind().equals("e") || TEXTS.contains(column.oid()))) {
            return (out, value) -> out.putText(whole(value.toString()));
        } else if (text && column.oid() == JSONB) {
            return (out, value) -> jsonb(out, whole(value.toString()));
        }
        @Nullable
        BinaryField field = FIELDS.getOrDefault(column.oid(), Map.of()).get(type);
        if (field == null) {
            throw new StatementException("COPY has no way from component " + part.name() + " of " + type.getTypeName()
                    + " to column " + column.name() + " of " + column.type() + ": use insert, or another class");
        }
        return field;
    }

    /** The classes of whole numbers, for one type of them. */
    private static Map<Class<?>, BinaryField> whole(BinaryField field) {
        return Map.of(Short.class, field, Integer.class, field, Long.class, field);
    }

    private static void int2(RowBuffer out, Object value) {
        long number = ((Number) value).longValue();
        if (number != (short) number) {
            throw new ArithmeticException();
        }
        out.putInt(Short.BYTES);
        out.putShort((short) number);
    }

    private static void int4(RowBuffer out, Object value) {
        out.putInt(Integer.BYTES);
        out.putInt(Math.toIntExact(((Number) value).longValue()));
    }

    private static void int8(RowBuffer out, Object value) {
        out.putInt(Long.BYTES);
        out.putLong(((Number) value).longValue());
    }

    private static void numeric(RowBuffer out, Object value) {
        BinaryNumeric.write(out, BigDecimal.valueOf(((Number) value).longValue()));
    }

    private static void float8(RowBuffer out, Object value) {
        out.putInt(Double.BYTES);
        out.putLong(Double.doubleToLongBits(((Number) value).doubleValue()));
    }

    private static void bytes(RowBuffer out, Object value) {
        out.putInt(((byte[]) value).length);
        out.putBytes((byte[]) value);
    }

    private static void buffer(RowBuffer out, Object value) {
        byte[] bytes = new byte[((ByteBuffer) value).remaining()];
        ((ByteBuffer) value).duplicate().get(bytes);
        bytes(out, bytes);
    }

    /** A version stands in front of the text. */
    private static void jsonb(RowBuffer out, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.putInt(utf8.length + 1);
        out.putByte(1);
        out.putBytes(utf8);
    }

    /** Returns the text; of half of a surrogate pair Java would make a question mark. */
    private static String whole(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (Character.charCount(text.codePointAt(i)) == 1) {
                    throw new ArithmeticException();
                }
                i++;
            }
        }
        return text;
    }

    private static BinaryField micros(ToLongFunction<Object> convert) {
        return (out, value) -> {
            out.putInt(Long.BYTES);
            out.putLong(convert.applyAsLong(value));
        };
    }
}
