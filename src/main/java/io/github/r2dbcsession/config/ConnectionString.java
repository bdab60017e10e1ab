package io.github.r2dbcsession.config;

import io.r2dbc.spi.ConnectionFactoryOptions;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where a database is and how to connect to it, read from a string that people already have: a libpq URI or keyword form, a
 * {@code jdbc:postgresql:} URL, SQLAlchemy's {@code postgresql+driver://} or an R2DBC URL. Immutable.
 *
 * <p>A string means what it means to the program that owns its grammar; what cannot be honoured is refused, never dropped, unless
 * dropping it is harmless, which {@link #warnings()} tells. Two values are equal when they connect alike, whatever family they came from.
 */
public final class ConnectionString {

    /** libpq's word for the platform's trust store. */
    static final String SYSTEM_ROOTS = "system";

    private final Family family;
    private final String source;
    private final Hosts hosts;
    private final @Nullable String user;
    private final @Nullable Secret password;
    private final @Nullable String database;
    private final @Nullable Secret sslPassword;
    private final SortedMap<String, String> options;
    private final List<String> warnings;

    ConnectionString(Family family, String source, Hosts hosts, Map<String, String> values, List<String> warnings) {
        SortedMap<String, String> rest = new TreeMap<>(values);
        this.family = family;
        this.source = source;
        this.hosts = hosts;
        this.user = rest.remove("user");
        this.password = secret(rest.remove("password"));
        this.database = rest.remove("dbname");
        this.sslPassword = secret(rest.remove("sslpassword"));
        this.options = Collections.unmodifiableSortedMap(rest);
        this.warnings = List.copyOf(warnings);
    }

    private static @Nullable Secret secret(@Nullable String text) {
        return text == null ? null : Secret.of(text);
    }

    /**
     * Reads a string by the rules of the program that owns its grammar. Connects to nothing, reads no file and no environment.
     *
     * @throws InvalidConnectionStringException when it cannot be understood or honoured
     */
    public static ConnectionString parse(String text) {
        return Judgement.of(Families.read(Objects.requireNonNull(text, "text")), text);
    }

    /**
     * Reads a string as {@link #parse} does and fills what it does not state from libpq's environment, in libpq's order: the service file
     * (where a service is named), the {@code PG*} variables, the user of the operating system, {@code .pgpass} and the certificates in
     * {@code ~/.postgresql}. Reads files; connects to nothing.
     *
     * @throws InvalidConnectionStringException when the string or what fills it cannot be understood or honoured
     */
    public static ConnectionString withLibpqEnvironment(String text, LibpqEnvironment environment) {
        Objects.requireNonNull(environment, "environment");
        return Judgement.of(Families.read(Objects.requireNonNull(text, "text")), text, environment);
    }

    /** Does the same with {@link LibpqEnvironment#ofProcess()}. */
    public static ConnectionString withLibpqEnvironment(String text) {
        return withLibpqEnvironment(text, LibpqEnvironment.ofProcess());
    }

    /** Starts from separate fields. */
    public static ConnectionStringBuilder builder() {
        return new ConnectionStringBuilder();
    }

    /** Whose grammar the string was read by. */
    public Family family() {
        return family;
    }

    /** The string as it was given, with {@code ***} for every secret; empty when there was none. */
    public String source() {
        return source;
    }

    /** The hosts in the order to try, at least one: localhost where none is stated. */
    public List<HostAndPort> hosts() {
        return hosts.list();
    }

    /**
     * The numeric address to dial for each host in place of resolving its name, as {@code hostaddr} has it; an empty text where none is
     * stated for that host.
     */
    public List<String> hostAddresses() {
        String stated = options.get("hostaddr");
        return stated == null ? Collections.nCopies(hosts().size(), "") : List.of(stated.split(",", -1));
    }

    /** What role a server must have, any if none is stated. */
    public ServerRole serverRole() {
        return ServerRole.ofAttribute(options.getOrDefault("target_session_attrs", ServerRole.ANY.toString()))
                .orElseThrow();
    }

    /** Whether the hosts are tried in another order at each connect. */
    public boolean shufflesHosts() {
        return "random".equals(options.get("load_balance_hosts"));
    }

    /** Whether the string names a host. */
    public boolean hostStated() {
        return hosts.stated();
    }

    /** The user, if stated. */
    public Optional<String> user() {
        return Optional.ofNullable(user);
    }

    /** The password, if stated. */
    public Optional<Secret> password() {
        return Optional.ofNullable(password);
    }

    /**
     * The user with the password, if there is one.
     *
     * @throws InvalidConnectionStringException when no user is stated
     */
    public Credentials credentials() {
        if (user == null) {
            throw new InvalidConnectionStringException("user", "must be stated in order to connect");
        }
        return password == null ? Credentials.of(user) : Credentials.of(user, password);
    }

    /** The database, if stated; the server takes the user's name otherwise. */
    public Optional<String> database() {
        return Optional.ofNullable(database);
    }

    /** The password of the client key, if stated. */
    public Optional<Secret> sslPassword() {
        return Optional.ofNullable(sslPassword);
    }

    /**
     * The effective mode: as stated, else {@code prefer}, or {@code verify-full} with {@code sslrootcert=system}; and {@code verify-ca} where {@code require} meets a root certificate, which
     * libpq then verifies against.
     */
    public SslMode sslMode() {
        boolean system = SYSTEM_ROOTS.equals(options.get("sslrootcert"));
        SslMode absent = system ? SslMode.VERIFY_FULL : SslMode.PREFER;
        SslMode stated = SslMode.parse(options.getOrDefault("sslmode", absent.toString()));
        return stated == SslMode.REQUIRE && options.containsKey("sslrootcert") ? SslMode.VERIFY_CA : stated;
    }

    /** The application name, if stated, else the fallback that is stated. */
    public Optional<String> applicationName() {
        return Optional.ofNullable(options.getOrDefault("application_name", options.get("fallback_application_name")));
    }

    /** How long a connect may take, empty for no limit. */
    public Optional<Duration> connectTimeout() {
        String exact = options.get("connectTimeout");
        if (exact != null) {
            return Optional.of(Duration.parse(exact));
        }
        long seconds = Long.parseLong(options.getOrDefault("connect_timeout", "0"));
        return seconds > 0 ? Optional.of(Duration.ofSeconds(seconds)) : Optional.empty();
    }

    /** Everything else that is stated, in canonical spelling, under libpq's name where libpq has the setting. Holds no secret. */
    public Map<String, String> options() {
        return options;
    }

    /** What was dropped or may surprise, each as {@code key: text}. */
    public List<String> warnings() {
        return warnings;
    }

    /**
     * Returns the R2DBC driver's options, as typed values. They hold the password. The driver understands some of TLS in its own way.
     *
     * @throws InvalidConnectionStringException when something is stated that the driver alone cannot honour
     */
    public ConnectionFactoryOptions toConnectionFactoryOptions() {
        return DriverOptions.of(this);
    }

    /**
     * Returns the R2DBC driver's options for one host, as typed values. They hold the password. TLS, {@code require_auth} and
     * {@code channel_binding} are not among them: whoever connects so sees to them, as the library's own connections do.
     *
     * @param host where to connect to, in place of the hosts stated
     * @param credentials whom to log in as, in place of the user stated
     */
    public ConnectionFactoryOptions toConnectionFactoryOptions(HostAndPort host, Credentials credentials) {
        return DriverOptions.of(this, host, credentials);
    }

    /** Returns the canonical libpq URI, which reads back to an equal value. <strong>It holds the password.</strong> */
    public String toUri() {
        return CanonicalUri.of(this, Secret::reveal);
    }

    /** Two values are equal when they connect alike; family and warnings do not count. */
    @Override
    public boolean equals(Object other) {
        return other instanceof ConnectionString string
                && hosts.equals(string.hosts)
                && Objects.equals(user, string.user)
                && Objects.equals(password, string.password)
                && Objects.equals(database, string.database)
                && Objects.equals(sslPassword, string.sslPassword)
                && options.equals(string.options);
    }

    @Override
    public int hashCode() {
        return Objects.hash(hosts, user, database, options);
    }

    /** Returns the canonical libpq URI with {@code ***} for every secret. */
    @Override
    public String toString() {
        return CanonicalUri.of(this, Secret::toString);
    }
}
