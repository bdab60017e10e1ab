package io.github.r2dbcsession.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Collects the fields of a {@link ConnectionString}; nothing in them is escaped. The last call of a setter wins. Not thread-safe. */
public final class ConnectionStringBuilder {

    private final List<HostAndPort> hosts = new ArrayList<>();
    private @Nullable Integer port;
    private @Nullable String user;
    private @Nullable Secret password;
    private @Nullable String database;
    private final Map<String, String> options = new LinkedHashMap<>();

    ConnectionStringBuilder() {}

    /** Sets the only host: a name, an address or a socket directory. Default: localhost. */
    public ConnectionStringBuilder host(String host) {
        return hosts(List.of(HostAndPort.of(host)));
    }

    /** Sets the hosts in the order to try, each with its port. */
    public ConnectionStringBuilder hosts(List<HostAndPort> hosts) {
        this.hosts.clear();
        this.hosts.addAll(hosts);
        this.port = null;
        return this;
    }

    /** Sets the port of every host, from 1 to 65535. Default: 5432, or that of {@link #hosts}. */
    public ConnectionStringBuilder port(int port) {
        if (port < 1 || port > HostAndPort.MAX_PORT) {
            throw new InvalidConnectionStringException("port", HostRules.PORT);
        }
        this.port = port;
        return this;
    }

    /** Sets the user. */
    public ConnectionStringBuilder user(String user) {
        this.user = Objects.requireNonNull(user, "user");
        return this;
    }

    /** Sets the password. */
    public ConnectionStringBuilder password(Secret password) {
        this.password = Objects.requireNonNull(password, "password");
        return this;
    }

    /** Sets the password. */
    public ConnectionStringBuilder password(String password) {
        return password(Secret.of(password));
    }

    /** Sets the database. Default: the server takes the user's name. */
    public ConnectionStringBuilder database(String database) {
        this.database = Objects.requireNonNull(database, "database");
        return this;
    }

    /** Sets how much TLS there must be. Default: prefer. */
    public ConnectionStringBuilder sslMode(SslMode sslMode) {
        return option("sslmode", sslMode.toString());
    }

    /**
     * Sets any other setting.
     *
     * @param name libpq's name, or {@code r2dbc.} and the driver's where libpq has none
     */
    public ConnectionStringBuilder option(String name, String value) {
        options.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
        return this;
    }

    /**
     * Returns the connection string.
     *
     * @throws InvalidConnectionStringException when a field cannot be honoured
     */
    public ConnectionString build() {
        Stated stated = new Stated(Family.FIELDS);
        if (!hosts.isEmpty()) {
            stated.field("host", hosts.stream().map(HostAndPort::host).collect(Collectors.joining(",")));
        }
        if (port != null) {
            stated.field("port", port.toString());
        } else if (!hosts.isEmpty()) {
            stated.field(
                    "port",
                    hosts.stream().map(host -> String.valueOf(host.port())).collect(Collectors.joining(",")));
        }
        if (user != null) {
            stated.field("user", user);
        }
        if (password != null) {
            stated.field("password", password.reveal());
        }
        if (database != null) {
            stated.field("dbname", database);
        }
        options.forEach((name, value) -> stated.parameter(name, name, value));
        stated.fields.forEach(Families::checkCharacters);
        stated.parameters.forEach(entry -> Families.checkCharacters(entry.place(), entry.value()));
        return Judgement.of(stated, "");
    }
}
