package io.github.r2dbcsession.example;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.io.ByteArrayOutputStream;
import java.util.List;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;

/** Reads what clients send. Whatever does not fit is a {@link Refusal}. */
final class Requests {

    private static final int BODY_LIMIT = 16 * 1024;

    private final Json json;

    Requests(Json json) {
        this.json = json;
    }

    /** Emits the body as a value. */
    <T> Mono<T> body(HttpServerRequest request, Class<T> type, String form) {
        return request.receive()
                .asByteArray()
                .collect(ByteArrayOutputStream::new, Requests::append)
                .map(body -> json.read(body.toByteArray(), type, form));
    }

    private static void append(ByteArrayOutputStream body, byte[] part) {
        if (body.size() + part.length > BODY_LIMIT) {
            throw Refusal.invalid("the body must have at most " + BODY_LIMIT + " bytes");
        }
        body.writeBytes(part);
    }

    /** Returns the account that the path names. */
    static long account(HttpServerRequest request) {
        return number("account", String.valueOf(request.param("id")));
    }

    /** Returns the account after which a list is to go on, 0 when none is given. */
    static long after(HttpServerRequest request) {
        List<String> values = new QueryStringDecoder(request.uri()).parameters().getOrDefault("after", List.of("0"));
        return number("after", values.get(0));
    }

    private static long number(String name, String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw Refusal.invalid(name + " must be a whole number");
        }
    }
}
