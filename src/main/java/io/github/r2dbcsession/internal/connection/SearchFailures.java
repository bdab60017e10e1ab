package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.HostAndPort;
import io.github.r2dbcsession.config.ServerRole;
import io.github.r2dbcsession.connection.ConnectFailedException;
import io.github.r2dbcsession.connection.ConnectTimeoutException;
import io.github.r2dbcsession.connection.NoSuitableHostException;
import io.github.r2dbcsession.connection.TlsFailedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Why each place of one search was of no use, and what that makes of the search. Used by one signal after the other. */
final class SearchFailures {

    private final ServerRole role;
    private final Set<HostAndPort> hosts = new LinkedHashSet<>();
    private final List<Throwable> failures = new ArrayList<>();

    SearchFailures(ServerRole role) {
        this.role = role;
    }

    void add(HostAndPort host, Throwable failure) {
        hosts.add(host);
        failures.add(failure);
    }

    void outOfTime(HostAndPort host) {
        failures.add(new ConnectTimeoutException(
                "no connection to " + host + ": the others had taken all the time", Duration.ZERO));
    }

    /**
     * A single failure as it is. Of several, one error that tells them all: of the wrong role when a server could be asked, else of the
     * kind that leaves most hope.
     */
    Throwable conclusion() {
        Throwable last = failures.get(failures.size() - 1);
        if (failures.size() == 1) {
            return last;
        }
        Throwable conclusion = conclusion(last);
        failures.stream().filter(failure -> failure != conclusion.getCause()).forEach(conclusion::addSuppressed);
        return conclusion;
    }

    private Throwable conclusion(Throwable last) {
        String each = failures.stream().map(Throwable::getMessage).collect(Collectors.joining("; "));
        NoSuitableHostException unsuitable = find(NoSuitableHostException.class);
        if (unsuitable != null) {
            return new NoSuitableHostException(
                    "no server has the role of target_session_attrs=" + role + ": " + each,
                    List.copyOf(hosts),
                    role,
                    last);
        }
        String message = "no host could be connected to: " + each;
        ConnectFailedException failed = find(ConnectFailedException.class);
        if (failed != null) {
            return new ConnectFailedException(failed.reason(), message, failed.getSqlState(), last);
        }
        ConnectTimeoutException timeout = find(ConnectTimeoutException.class);
        if (timeout != null) {
            return new ConnectTimeoutException(message, timeout.limit());
        }
        return last instanceof TlsFailedException ? new TlsFailedException(message, last) : last;
    }

    private <T> @Nullable T find(Class<T> type) {
        return failures.stream()
                .filter(type::isInstance)
                .map(type::cast)
                .findFirst()
                .orElse(null);
    }
}
