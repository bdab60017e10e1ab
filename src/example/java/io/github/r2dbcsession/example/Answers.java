package io.github.r2dbcsession.example;

import static io.netty.handler.codec.http.HttpHeaderNames.CONTENT_TYPE;

import io.netty.handler.codec.http.HttpResponseStatus;
import io.r2dbc.spi.R2dbcTimeoutException;
import io.r2dbc.spi.R2dbcTransientException;
import java.util.List;
import java.util.Locale;
import org.reactivestreams.Publisher;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.channel.AbortedException;
import reactor.netty.http.server.HttpServerResponse;

/** Sends what the ledger answers: values, streams of values, and reasons why not. */
final class Answers {

    private static final Logger LOG = LoggerFactory.getLogger(Answers.class);

    /** How many lines of a stream are written at once. */
    private static final int LINES = 32;

    private final Json json;

    Answers(Json json) {
        this.json = json;
    }

    /** A reason why not, as it is sent. */
    record Reason(String error, String reason) {}

    /** Sends one value, in one line. */
    Mono<Void> value(HttpServerResponse response, HttpResponseStatus status, Object value) {
        return response.status(status)
                .header(CONTENT_TYPE, "application/json")
                .sendByteArray(Mono.just(json.lines(List.of(value))))
                .then();
    }

    /** Sends each value as a line of NDJSON. Asks for more as the client reads, so a slow client slows the source down. */
    Mono<Void> lines(HttpServerResponse response, Flux<?> values) {
        return response.header(CONTENT_TYPE, "application/x-ndjson")
                .sendByteArray(values.buffer(LINES).map(json::lines))
                .then();
    }

    /** Sends the reason of a failure; where the answer has begun already or the client is gone, cuts it off. */
    Publisher<Void> failure(HttpServerResponse response, Throwable failure) {
        if (response.hasSentHeaders() || failure instanceof AbortedException) {
            return Mono.error(failure);
        }
        if (failure instanceof Refusal refusal) {
            return value(response, status(refusal.kind()), new Reason(word(refusal.kind()), refusal.reason()));
        }
        if (failure instanceof R2dbcTimeoutException || failure instanceof R2dbcTransientException) {
            LOG.warn("The database was not available: {}", failure.getMessage());
            return value(
                    response,
                    HttpResponseStatus.SERVICE_UNAVAILABLE,
                    new Reason("unavailable", "the database is not available now, try again"));
        }
        LOG.error("A request failed", failure);
        return value(
                response,
                HttpResponseStatus.INTERNAL_SERVER_ERROR,
                new Reason("internal", "the request failed; see the log"));
    }

    private static HttpResponseStatus status(Refusal.Kind kind) {
        return switch (kind) {
            case INVALID -> HttpResponseStatus.BAD_REQUEST;
            case NOT_FOUND -> HttpResponseStatus.NOT_FOUND;
            case INSUFFICIENT_FUNDS -> HttpResponseStatus.CONFLICT;
        };
    }

    private static String word(Refusal.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }
}
