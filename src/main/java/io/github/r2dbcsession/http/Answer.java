package io.github.r2dbcsession.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpResponseStatus;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerResponse;

/** A whole answer, with the headers that keep browsers and caches from making more of it than it is. */
record Answer(HttpResponseStatus status, String contentType, String body, String policy) {

    private static final String NOTHING = "default-src 'none'; frame-ancestors 'none'";

    static Answer json(boolean up, String contentType, String body) {
        return new Answer(
                up ? HttpResponseStatus.OK : HttpResponseStatus.SERVICE_UNAVAILABLE, contentType, body, NOTHING);
    }

    static Answer of(HttpResponseStatus status) {
        return new Answer(status, "text/plain", "", NOTHING);
    }

    Mono<Void> sendTo(HttpServerResponse response) {
        headers(response.status(status), policy).header(HttpHeaderNames.CONTENT_TYPE, contentType);
        return response.sendString(Mono.just(body)).then();
    }

    static HttpServerResponse headers(HttpServerResponse response) {
        return headers(response, NOTHING);
    }

    private static HttpServerResponse headers(HttpServerResponse response, String policy) {
        return response.header(HttpHeaderNames.CACHE_CONTROL, "no-store")
                .header(HttpHeaderNames.VARY, "Accept")
                .header("X-Content-Type-Options", "nosniff")
                .header("Content-Security-Policy", policy)
                .header("Referrer-Policy", "no-referrer");
    }
}
