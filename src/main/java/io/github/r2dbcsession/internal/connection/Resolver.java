package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.SslMode;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/** Finds the addresses of a server, anew for each connect and away from the event loops, as looking a name up blocks. Thread-safe. */
final class Resolver {

    /** Looks a name up, and blocks while it does. */
    @FunctionalInterface
    interface Lookup {
        InetAddress[] addresses(String name) throws UnknownHostException;
    }

    private final Lookup lookup;

    Resolver(Lookup lookup) {
        this.lookup = lookup;
    }

    /** Emits where the server may be, at least one endpoint, in the order to try. Fails as a connect does. */
    Mono<List<Endpoint>> resolve(Server server, Duration limit) {
        if (server.isSocket()) {
            return Mono.just(List.of(new Endpoint(server.host(), null)));
        }
        return Mono.fromCallable(() -> addresses(server.name()))
                .subscribeOn(Schedulers.boundedElastic())
                .timeout(
                        limit,
                        Mono.error(() -> new ConnectTimeoutException(
                                "no connection to " + server.host() + " within " + limit.toMillis()
                                        + " ms: the host name was not resolved",
                                limit)))
                .filter(addresses -> addresses.length > 0)
                .switchIfEmpty(
                        Mono.error(() -> new ConnectFailures(server.host().toString(), SslMode.DISABLE)
                                .translate(new UnknownHostException(server.name()), ConnectPhase.CONNECT)))
                .map(addresses -> Stream.of(addresses)
                        .map(address -> new Endpoint(server.host(), address))
                        .toList());
    }

    /** Nothing for a name that is unknown: once the limit has passed, there is nobody left to tell an error to. */
    private InetAddress[] addresses(String name) {
        try {
            return lookup.addresses(name);
        } catch (UnknownHostException unknown) {
            return new InetAddress[0];
        }
    }
}
