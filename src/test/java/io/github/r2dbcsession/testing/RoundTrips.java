package io.github.r2dbcsession.testing;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What one client asks for: which statements go out together, up to where the server is to answer. */
final class RoundTrips {

    private final ProtocolProxy proxy;
    private final Map<String, String> prepared = new HashMap<>();
    private final List<String> together = new ArrayList<>();

    RoundTrips(ProtocolProxy proxy) {
        this.proxy = proxy;
    }

    /** Notes a message. */
    void sent(byte[] frame) {
        switch (frame[0]) {
            case 'P' -> prepared.put(text(frame, 0), text(frame, 1));
            case 'B' -> together.add(prepared.getOrDefault(text(frame, 1), "?"));
            case 'Q' -> {
                together.add(text(frame, 0));
                end();
            }
            case 'S' -> end();
            default -> {
                // Part of what has been asked for.
            }
        }
    }

    private void end() {
        proxy.recordRoundTrip(String.join(" + ", together));
        together.clear();
    }

    /** One of the texts that the body begins with. */
    private static String text(byte[] frame, int which) {
        return new String(frame, 5, frame.length - 5, StandardCharsets.UTF_8).split("\0", which + 2)[which];
    }
}
