package io.github.r2dbcsession.internal.sql;

import io.r2dbc.postgresql.codec.Interval;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads an interval in the server's default style. The driver reads others too, some of them wrongly. */
final class IntervalText {

    private static final Pattern POSTGRES = Pattern.compile("(?:([+-]?\\d+) years? ?)?(?:([+-]?\\d+) mons? ?)?"
            + "(?:([+-]?\\d+) days? ?)?(?:([+-]?)(\\d+):(\\d\\d):(\\d\\d)(?:\\.(\\d{1,6}))?)?");
    private static final int MICROSECONDS = 6;

    private IntervalText() {}

    static Interval read(String text) {
        Matcher parts = POSTGRES.matcher(text);
        if (!parts.matches()) {
            throw new Conversion.Failure(
                    text.endsWith("infinity")
                            ? "it is infinite; read it as String"
                            : "the session's intervalstyle is another than postgres; set it back, or read it as String");
        }
        int sign = "-".equals(parts.group(4)) ? -1 : 1;
        String fraction = parts.group(8);
        try {
            return Interval.of(
                    number(parts.group(1)),
                    number(parts.group(2)),
                    number(parts.group(3)),
                    sign * number(parts.group(5)),
                    sign * number(parts.group(6)),
                    sign * number(parts.group(7)),
                    fraction == null ? 0 : sign * number(fraction + "0".repeat(MICROSECONDS - fraction.length())));
        } catch (NumberFormatException e) {
            throw new Conversion.Failure("a part of it does not fit; read it as String");
        }
    }

    private static int number(@Nullable String digits) {
        return digits == null ? 0 : Integer.parseInt(digits);
    }
}
