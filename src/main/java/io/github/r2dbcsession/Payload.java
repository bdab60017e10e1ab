package io.github.r2dbcsession;

import java.nio.charset.StandardCharsets;

/** The rule for what a notification carries. */
final class Payload {

    private static final int LONGEST = 7_999;

    private Payload() {}

    /** Returns the payload, or refuses one that the server would refuse. */
    static String checked(String payload) {
        int bytes = payload.getBytes(StandardCharsets.UTF_8).length;
        if (bytes > LONGEST) {
            throw new IllegalArgumentException(
                    "the payload of a notification must have less than 8000 bytes, this one has " + bytes
                            + ": send a key, and read the rest");
        }
        return payload;
    }
}
