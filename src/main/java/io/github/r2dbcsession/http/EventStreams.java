package io.github.r2dbcsession.http;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerResponse;

/** Sends the health again and again as server-sent events, to a few clients at a time. Thread-safe. */
final class EventStreams {

    static final int LIMIT = 16;

    private static final Duration INTERVAL = Duration.ofMillis(500);
    private static final Duration LIFETIME = Duration.ofMinutes(10);

    private final Mono<String> event;
    private final AtomicInteger open = new AtomicInteger();

    /**
     * Prepares to send.
     *
     * @param event what to send each time, on one line
     */
    EventStreams(Mono<String> event) {
        this.event = event;
    }

    /** Sends until the client goes away, or for 10 min, after which a browser asks again by itself. */
    Publisher<Void> sendTo(HttpServerResponse response) {
        return Mono.defer(() -> {
            if (open.incrementAndGet() > LIMIT) {
                open.decrementAndGet();
                response.header(HttpHeaderNames.RETRY_AFTER, "10");
                return Answer.of(HttpResponseStatus.SERVICE_UNAVAILABLE).sendTo(response);
            }
            Flux<String> events = Flux.interval(Duration.ZERO, INTERVAL)
                    .onBackpressureDrop()
                    .concatMap(tick -> event, 1)
                    .map(text -> "data:" + text + "\n\n")
                    .take(LIFETIME);
            return Answer.headers(response)
                    .sse()
                    .send(
                            events.map(text -> Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8))),
                            sent -> true)
                    .then()
                    .doFinally(signal -> open.decrementAndGet());
        });
    }
}
