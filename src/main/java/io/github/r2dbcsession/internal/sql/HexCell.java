package io.github.r2dbcsession.internal.sql;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What is written in hexadecimal digits. */
final class HexCell {

    private static final int UUID_LENGTH = 36;
    private static final int OTHER = -1;

    private HexCell() {}

    static @Nullable UUID uuid(byte[] bytes, int length) {
        if (length != UUID_LENGTH) {
            return null;
        }
        long high = 0;
        long low = 0;
        for (int i = 0; i < UUID_LENGTH; i++) {
            boolean dash = i == 8 || i == 13 || i == 18 || i == 23;
            int digit = digit(bytes[i]);
            if (dash ? bytes[i] != '-' : digit == OTHER) {
                return null;
            } else if (!dash && i < 18) {
                high = high << 4 | digit;
            } else if (!dash) {
                low = low << 4 | digit;
            }
        }
        return new UUID(high, low);
    }

    private static int digit(byte letter) {
        if (letter >= '0' && letter <= '9') {
            return letter - '0';
        }
        return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : OTHER;
    }
}
