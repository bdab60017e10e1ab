package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.Credentials;
import io.github.r2dbcsession.config.ServerRole;
import io.github.r2dbcsession.connection.AuthenticationFailedException;
import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.connection.ConnectFailedException.Reason;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import io.github.r2dbcsession.connection.NoSuitableHostException;
import io.github.r2dbcsession.internal.connection.HostMemory.Standing;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Finds a server that can be connected to and has the wanted role. Thread-safe.
 *
 * <p>The servers are tried in the order stated or shuffled, but those that were of no use lately last. Each has a fair share of the time
 * that is left, and each of its addresses a fair share of that. A server that refuses the login is the last one tried, as libpq has it.
 * When a standby is only preferred, the first other server is kept in reserve, which saves a second pass.
 */
final class HostSearch {

    private final HostConnector connector;
    private final Resolver resolver;
    private final HostMemory memory;
    private final List<Server> servers;
    private final ServerRole role;
    private final boolean shuffles;

    HostSearch(ConnectionString string, HostConnector connector, Resolver resolver, HostMemory memory) {
        this.connector = connector;
        this.resolver = resolver;
        this.memory = memory;
        this.servers = Server.of(string);
        this.role = string.serverRole();
        this.shuffles = string.shufflesHosts();
    }

    /** Searches once a subscription, see {@link Connector#connect()}. */
    Mono<PhysicalConnection> search(Credentials credentials, Deadline deadline) {
        return Mono.defer(() -> new Run(credentials, deadline).run());
    }

    private <T> List<T> inOrder(List<T> places) {
        List<T> order = new ArrayList<>(places);
        if (shuffles) {
            Collections.shuffle(order);
        }
        return memory.ordered(order);
    }

    private static Standing standing(Throwable failure) {
        return failure instanceof NoSuitableHostException ? Standing.WRONG_ROLE : Standing.FAILED;
    }

    /** One search. */
    private final class Run {

        private final Credentials credentials;
        private final Deadline deadline;
        private final SearchFailures failures = new SearchFailures(role);
        private final AtomicReference<@Nullable PhysicalConnection> reserve = new AtomicReference<>();

        /** The connection that is made and not emitted yet; a cancel finds it whatever it is waiting for. */
        private final AtomicReference<@Nullable PhysicalConnection> held = new AtomicReference<>();

        Run(Credentials credentials, Deadline deadline) {
            this.credentials = credentials;
            this.deadline = deadline;
        }

        Mono<PhysicalConnection> run() {
            return first(inOrder(servers))
                    .doOnNext(connection -> held.set(null))
                    .doOnCancel(() -> {
                        PhysicalConnection unwanted = held.getAndSet(null);
                        if (unwanted != null) {
                            unwanted.kill();
                        }
                    })
                    .doFinally(signal -> {
                        PhysicalConnection unused = reserve.getAndSet(null);
                        if (unused != null) {
                            unused.close().subscribe();
                        }
                    });
        }

        /** The first of these servers that will do. */
        private Mono<PhysicalConnection> first(List<Server> left) {
            if (left.isEmpty()) {
                return last();
            }
            Server server = left.get(0);
            List<Server> others = left.subList(1, left.size());
            if (reserve.get() != null && memory.standing(server) == Standing.FAILED) {
                return first(others);
            }
            if (deadline.isOver()) {
                failures.outOfTime(server.host());
                return first(others);
            }
            Deadline share = deadline.share(left.size());
            return resolver.resolve(server, share.left())
                    .doOnError(failure -> failures.add(server.host(), failure))
                    .flatMap(endpoints -> first(inOrder(endpoints), share))
                    .doOnNext(connection -> memory.note(server, Standing.FRESH))
                    .doOnError(failure -> memory.note(server, standing(failure)))
                    .onErrorResume(this::leavesOthers, failure -> first(others));
        }

        /** The first of a server's addresses that will do. */
        private Mono<PhysicalConnection> first(List<Endpoint> left, Deadline share) {
            Endpoint endpoint = left.get(0);
            Deadline own = share.share(left.size());
            return connector
                    .connect(endpoint, credentials, own.left())
                    .doOnNext(held::set)
                    .flatMap(connection -> judged(connection, endpoint, own))
                    .doOnNext(connection -> memory.note(endpoint, Standing.FRESH))
                    .doOnError(failure -> {
                        failures.add(endpoint.host(), failure);
                        memory.note(endpoint, standing(failure));
                    })
                    .onErrorResume(
                            failure -> leavesOthers(failure) && left.size() > 1,
                            failure -> first(left.subList(1, left.size()), share));
        }

        private boolean leavesOthers(Throwable failure) {
            return !(failure instanceof AuthenticationFailedException);
        }

        private Mono<PhysicalConnection> last() {
            PhysicalConnection second = reserve.getAndSet(null);
            held.set(second);
            return second != null && second.isOpen() ? Mono.just(second) : Mono.error(failures.conclusion());
        }

        private Mono<PhysicalConnection> judged(PhysicalConnection connection, Endpoint endpoint, Deadline own) {
            if (role == ServerRole.ANY) {
                return Mono.just(connection);
            }
            return RoleCheck.mismatch(connection, role)
                    .timeout(
                            own.left(),
                            Mono.error(() -> new ConnectTimeoutException(
                                    "no connection to " + endpoint + " in time: it did not tell its role", own.left())))
                    .onErrorMap(
                            failure -> !(failure instanceof ConnectTimeoutException),
                            failure -> new ConnectFailedException(
                                    Reason.LOST, endpoint + " did not tell its role", "08006", failure))
                    .doOnError(failure -> connection.kill())
                    .flatMap(mismatch -> Mono.defer(() -> unsuitable(connection, endpoint, mismatch)))
                    .switchIfEmpty(Mono.fromSupplier(() -> {
                        if (role == ServerRole.PRIMARY || role == ServerRole.READ_WRITE) {
                            connection.mustWrite();
                        }
                        return connection;
                    }));
        }

        /** Deferred by the caller: an error at hand would cancel the question, and with it the connection. */
        private Mono<PhysicalConnection> unsuitable(PhysicalConnection connection, Endpoint endpoint, String mismatch) {
            if (role != ServerRole.PREFER_STANDBY || !reserve.compareAndSet(null, connection)) {
                connection.close().subscribe();
            }
            return Mono.error(new NoSuitableHostException(
                    endpoint + " " + mismatch + ", target_session_attrs=" + role,
                    List.of(endpoint.host()),
                    role,
                    null));
        }
    }
}
