package io.github.r2dbcsession.http;

import io.netty.handler.codec.http.HttpResponseStatus;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Objects;

/** The page for browsers: one file, whose own style and script are all that a browser may run, and which talks to nobody else. */
final class HealthPage {

    private static final String TEXT = text();

    private static final Answer ANSWER = new Answer(
            HttpResponseStatus.OK,
            "text/html;charset=utf-8",
            TEXT,
            "default-src 'none'; connect-src 'self'; img-src data:; style-src '" + hash("style") + "'; script-src '"
                    + hash("script") + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");

    private HealthPage() {}

    static Answer answer() {
        return ANSWER;
    }

    private static String text() {
        try (InputStream file =
                Objects.requireNonNull(HealthPage.class.getResourceAsStream("health.html"), "health.html")) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hash(String element) {
        String start = "<" + element + ">";
        int from = TEXT.indexOf(start) + start.length();
        String content = TEXT.substring(from, TEXT.indexOf("</" + element + ">"));
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8));
            return "sha256-" + Base64.getEncoder().encodeToString(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
