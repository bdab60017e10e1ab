package io.github.r2dbcsession.config;

import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.APPLICATION_NAME;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.AUTODETECT_EXTENSIONS;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.COMPATIBILITY_MODE;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.CURRENT_SCHEMA;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.ERROR_RESPONSE_LOG_LEVEL;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.FAILOVER_PROTOCOL;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.FETCH_SIZE;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.FORCE_BINARY;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.LOAD_BALANCE_HOSTS;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.LOCK_WAIT_TIMEOUT;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.NOTICE_LOG_LEVEL;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.OPTIONS;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.POSTGRESQL_DRIVER;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.PREFER_ATTACHED_BUFFERS;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.PREPARED_STATEMENT_CACHE_QUERIES;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.SOCKET;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.SSL_CERT;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.SSL_KEY;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.SSL_MODE;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.SSL_NEGOTIATION;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.SSL_PASSWORD;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.SSL_ROOT_CERT;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.SSL_SNI;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.STATEMENT_TIMEOUT;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.TARGET_SERVER_TYPE;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.TCP_KEEPALIVE;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.TCP_NODELAY;
import static io.r2dbc.postgresql.PostgresqlConnectionFactoryProvider.TIME_ZONE;
import static io.r2dbc.spi.ConnectionFactoryOptions.CONNECT_TIMEOUT;
import static io.r2dbc.spi.ConnectionFactoryOptions.DATABASE;
import static io.r2dbc.spi.ConnectionFactoryOptions.DRIVER;
import static io.r2dbc.spi.ConnectionFactoryOptions.HOST;
import static io.r2dbc.spi.ConnectionFactoryOptions.PASSWORD;
import static io.r2dbc.spi.ConnectionFactoryOptions.PORT;
import static io.r2dbc.spi.ConnectionFactoryOptions.PROTOCOL;
import static io.r2dbc.spi.ConnectionFactoryOptions.USER;

import io.r2dbc.postgresql.MultiHostConnectionStrategy.TargetServerType;
import io.r2dbc.postgresql.client.SSLMode;
import io.r2dbc.postgresql.client.SSLNegotiation;
import io.r2dbc.postgresql.util.LogLevel;
import io.r2dbc.spi.ConnectionFactoryOptions;
import io.r2dbc.spi.Option;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Hands a connection string to the R2DBC driver as typed values. */
final class DriverOptions {

    private static final int STATEMENT_CACHE = 256;
    private static final List<String> KEY_FORMATS_UNREADABLE = List.of(".p12", ".pfx", ".pk8", ".der");

    /** Options, and the values of each that the driver keeps to anyway. */
    private static final Map<String, List<String>> NEEDS_MORE_THAN_THE_DRIVER = Map.of(
            "sslcrl", List.of(),
            "sslcrldir", List.of(),
            "ssl_min_protocol_version", List.of("TLSv1", "TLSv1.1", "TLSv1.2"),
            "ssl_max_protocol_version", List.of("TLSv1.3"),
            "sslcertmode", List.of("disable", "allow"),
            "channel_binding", List.of("prefer"),
            "require_auth", List.of());

    private final ConnectionString string;
    private final Map<String, String> options;
    private final ConnectionFactoryOptions.Builder driver = ConnectionFactoryOptions.builder();

    private DriverOptions(ConnectionString string) {
        this.string = string;
        this.options = string.options();
    }

    static ConnectionFactoryOptions of(ConnectionString string) {
        DriverOptions driverOptions = new DriverOptions(string);
        driverOptions.servers();
        return driverOptions.withLogin(string.credentials());
    }

    static ConnectionFactoryOptions of(ConnectionString string, HostAndPort host, Credentials credentials) {
        DriverOptions driverOptions = new DriverOptions(string);
        driverOptions.address(host);
        return driverOptions.withLogin(credentials);
    }

    private ConnectionFactoryOptions withLogin(Credentials credentials) {
        driver.option(DRIVER, POSTGRESQL_DRIVER);
        driver.option(USER, credentials.user());
        credentials.password().ifPresent(secret -> driver.option(PASSWORD, secret.reveal()));
        settings();
        return driver.build();
    }

    private void servers() {
        List<HostAndPort> hosts = string.hosts();
        if (options.containsKey("hostaddr")) {
            throw new InvalidConnectionStringException(
                    "hostaddr", "the driver by itself cannot honour it beside host; name one of them");
        }
        if (hosts.size() > 1 || string.serverRole() != ServerRole.ANY) {
            if (hosts.stream().anyMatch(host -> host.isSocket() || host.isIpv6())) {
                throw new InvalidConnectionStringException(
                        "host",
                        "the driver by itself cannot serve a socket or an IPv6 address as one of several hosts nor with"
                                + " a required role; use a name");
            }
            driver.option(PROTOCOL, FAILOVER_PROTOCOL);
            driver.option(HOST, hosts.stream().map(HostAndPort::toString).collect(Collectors.joining(",")));
            driver.option(TARGET_SERVER_TYPE, driverType(string.serverRole()));
            driver.option(LOAD_BALANCE_HOSTS, string.shufflesHosts());
            checkRoots();
            tls();
        } else {
            address(hosts.get(0));
            if (!hosts.get(0).isSocket()) {
                tls();
            }
        }
        refuse();
    }

    private void address(HostAndPort host) {
        if (host.isSocket()) {
            driver.option(SOCKET, host.socketFile());
        } else {
            driver.option(HOST, host.host());
            driver.option(PORT, host.port());
            driver.option(SSL_MODE, SSLMode.DISABLE);
            checkRoots();
        }
    }

    private static TargetServerType driverType(ServerRole role) {
        return switch (role) {
            case ANY -> TargetServerType.ANY;
            case PRIMARY, READ_WRITE -> TargetServerType.PRIMARY;
            case STANDBY, READ_ONLY -> TargetServerType.SECONDARY;
            case PREFER_STANDBY -> TargetServerType.PREFER_SECONDARY;
        };
    }

    private void checkRoots() {
        SslMode mode = string.sslMode();
        if (mode == SslMode.DISABLE || mode == SslMode.VERIFY_FULL || options.containsKey("sslrootcert")) {
            return;
        }
        if (mode == SslMode.VERIFY_CA) {
            throw new InvalidConnectionStringException(
                    "sslrootcert",
                    "verify-ca needs it, as anybody can have a certificate of a public authority; or use verify-full");
        }
        for (String list : List.of("sslcrl", "sslcrldir")) {
            if (options.containsKey(list)) {
                throw new InvalidConnectionStringException(
                        list, "can only be honoured where the certificate is verified; state sslrootcert too");
            }
        }
    }

    private void tls() {
        SslMode mode = string.sslMode();
        driver.option(SSL_MODE, SSLMode.valueOf(mode.name()));
        if (mode == SslMode.DISABLE) {
            return;
        }
        if (!ConnectionString.SYSTEM_ROOTS.equals(options.get("sslrootcert"))) {
            set(SSL_ROOT_CERT, "sslrootcert", Function.identity());
        }
        if (!"disable".equals(options.get("sslcertmode"))) {
            set(SSL_CERT, "sslcert", Function.identity());
            set(SSL_KEY, "sslkey", DriverOptions::pemKey);
            string.sslPassword().ifPresent(secret -> driver.option(SSL_PASSWORD, secret.reveal()));
        }
        set(SSL_SNI, "sslsni", "1"::equals);
        set(SSL_NEGOTIATION, "sslnegotiation", SSLNegotiation::fromValue);
    }

    /** What the library's own connections honour, but the driver alone would not. */
    private void refuse() {
        for (Map.Entry<String, List<String>> option : NEEDS_MORE_THAN_THE_DRIVER.entrySet()) {
            String value = options.get(option.getKey());
            if (value != null && !option.getValue().contains(value)) {
                throw new InvalidConnectionStringException(
                        option.getKey(), "the driver alone cannot honour it; connect by the library's Database");
            }
        }
    }

    private static String pemKey(String path) {
        if (KEY_FORMATS_UNREADABLE.stream().anyMatch(path.toLowerCase(java.util.Locale.ROOT)::endsWith)) {
            throw new InvalidConnectionStringException(
                    "sslkey", "the driver alone cannot read DER or PKCS#12; connect by the library's Database");
        }
        return path;
    }

    private void settings() {
        string.database().ifPresent(database -> driver.option(DATABASE, database));
        string.applicationName().ifPresent(name -> driver.option(APPLICATION_NAME, name));
        string.connectTimeout().ifPresent(limit -> driver.option(CONNECT_TIMEOUT, limit));
        driver.option(TCP_KEEPALIVE, !"0".equals(options.get("keepalives")));
        driver.option(PREPARED_STATEMENT_CACHE_QUERIES, STATEMENT_CACHE);
        set(PREPARED_STATEMENT_CACHE_QUERIES, "preparedStatementCacheQueries", Integer::valueOf);
        set(OPTIONS, "options", text -> StartupOptions.parse(text).orElseThrow().settings());
        set(TCP_NODELAY, "tcpNoDelay", Boolean::valueOf);
        set(CURRENT_SCHEMA, "currentSchema", Function.identity());
        set(STATEMENT_TIMEOUT, "statementTimeout", Duration::parse);
        set(LOCK_WAIT_TIMEOUT, "lockWaitTimeout", Duration::parse);
        set(TIME_ZONE, "timeZone", TimeZone::getTimeZone);
        set(FETCH_SIZE, "fetchSize", Integer::valueOf);
        set(FORCE_BINARY, "forceBinary", Boolean::valueOf);
        set(COMPATIBILITY_MODE, "compatibilityMode", Boolean::valueOf);
        set(AUTODETECT_EXTENSIONS, "autodetectExtensions", Boolean::valueOf);
        set(PREFER_ATTACHED_BUFFERS, "preferAttachedBuffers", Boolean::valueOf);
        set(ERROR_RESPONSE_LOG_LEVEL, "errorResponseLogLevel", LogLevel::valueOf);
        set(NOTICE_LOG_LEVEL, "noticeLogLevel", LogLevel::valueOf);
    }

    private <T> void set(Option<T> option, String name, Function<String, T> read) {
        String value = options.get(name);
        if (value != null) {
            driver.option(option, read.apply(value));
        }
    }
}
