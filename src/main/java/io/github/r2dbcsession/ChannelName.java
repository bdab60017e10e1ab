package io.github.r2dbcsession;

import java.nio.charset.StandardCharsets;

/** The rules for names of notification channels, which are those of identifiers. */
final class ChannelName {

    private static final int LONGEST = 63;

    private ChannelName() {}

    /** Returns the name, or refuses one that the server would cut off or could not have. */
    static String checked(String name) {
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > LONGEST || name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(
                    "a channel's name must have from 1 to 63 bytes and no NUL, this one has " + bytes + " bytes");
        }
        return name;
    }

    /** The name as an identifier, exactly as it is. */
    static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }
}
