package io.github.r2dbcsession;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.Credentials;
import io.github.r2dbcsession.config.HostAndPort;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.internal.connection.StatementLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/** Collects the settings of a {@link Database}. Not thread-safe. */
public final class DatabaseBuilder {

    private static final Logger log = LoggerFactory.getLogger(Database.class);

    private static final Duration DEFAULT_DRAIN_TIME = Duration.ofSeconds(10);

    final ConnectionString connectionString;
    PoolSettings poolSettings = PoolSettings.defaults();
    TransactionOptions transactionDefaults = TransactionOptions.defaults();
    StatementLimits statementLimits = StatementLimits.NONE;
    Duration drainTime = DEFAULT_DRAIN_TIME;
    final List<ContextSetting> contextSettings = new ArrayList<>();
    final SortedMap<String, String> commentTags = new TreeMap<>();
    private @Nullable String name;

    @Nullable
    Mono<Credentials> credentials;

    DatabaseBuilder(ConnectionString connectionString) {
        this.connectionString = Objects.requireNonNull(connectionString, "connectionString");
    }

    /** Names the database in errors, logs and meter tags. Default: {@code database@host}. */
    public DatabaseBuilder name(String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("name must not be blank");
        }
        this.name = name;
        return this;
    }

    /** Sets the pool's settings. Default: {@link PoolSettings#defaults()}. */
    public DatabaseBuilder pool(PoolSettings settings) {
        this.poolSettings = Objects.requireNonNull(settings, "settings");
        return this;
    }

    /** Sets the options of every transaction that names none of its own. Default: {@link TransactionOptions#defaults()}. */
    public DatabaseBuilder transactions(TransactionOptions options) {
        this.transactionDefaults = Objects.requireNonNull(options, "options");
        return this;
    }

    /**
     * Limits every statement of a query that names no limit of its own, see {@link Query#timeout}. In a transaction whose options have a
     * {@code statementTimeout} or a {@code deadline} those count in its place. Statements of the library, BEGIN and COMMIT among them, and
     * {@link Database#openDedicatedSession dedicated sessions} have no limit of this kind. Default: none.
     *
     * @param limit from 1 ms to 2147483647 ms
     */
    public DatabaseBuilder statementTimeout(Duration limit) {
        TimeLimit.check("statementTimeout", limit);
        this.statementLimits = new StatementLimits(limit, 0);
        return this;
    }

    /** Sets how long {@link Database#close()} waits for work under way, 0 or more. Default: 10 s. */
    public DatabaseBuilder drainTime(Duration drainTime) {
        if (drainTime.isNegative()) {
            throw new IllegalArgumentException("drainTime must not be negative, was " + drainTime);
        }
        this.drainTime = drainTime;
        return this;
    }

    /**
     * Adds a setting that takes its value from the subscriber's Reactor Context at each use of a connection. Default: none.
     *
     * <p>In a transaction it is set by the round trip of the BEGIN, and ends with the transaction. Elsewhere it is set before the first
     * statement, one more round trip, and reset when the connection has been given back. Work that joins a transaction or a session finds
     * what that has. Dedicated sessions take nothing from the Context.
     */
    public DatabaseBuilder contextSetting(ContextSetting setting) {
        if (contextSettings.stream().anyMatch(given -> given.name().equalsIgnoreCase(setting.name()))) {
            throw new IllegalArgumentException("the setting " + setting.name() + " was given before");
        }
        this.contextSettings.add(setting);
        return this;
    }

    /**
     * Has every statement of a query end in a comment with this tag, as sqlcommenter writes them: {@code /*application='shop'*}{@code /}. So
     * the server's log and statistics tell who sent it. Default: none.
     *
     * <p>A statement with a comment of its own stays as it is. Tags are the same for the life of the database, so that statements are
     * prepared as rarely as without.
     */
    public DatabaseBuilder sqlComment(String tag, String value) {
        if (tag.isBlank()) {
            throw new IllegalArgumentException("tag must not be blank");
        }
        this.commentTags.put(tag, Objects.requireNonNull(value, "value"));
        return this;
    }

    /**
     * Sets where user and password come from, in place of those of the connection string. Default: the connection string.
     *
     * <p>Subscribed to for each physical connection, once for all that are being made at that moment, in an empty Context and on a thread
     * that may block; an answer that states a lifetime is kept for it. The connect's limit covers it. If it fails, does not answer or
     * completes empty, connects fail with {@link io.github.r2dbcsession.connection.CredentialsUnavailableException}, and it is asked
     * again after a pause. Once it has given others, connections made with the former ones are closed when idle or given back, some time
     * within the next 10 s.
     */
    public DatabaseBuilder credentials(Mono<Credentials> credentials) {
        this.credentials = Objects.requireNonNull(credentials, "credentials");
        return this;
    }

    /**
     * Returns the database. Opens nothing and starts nothing; logs what the connection string was read as, with its warnings.
     */
    public Database build() {
        log.info(
                "{}: sslmode={}, {}",
                connectionString,
                connectionString.sslMode(),
                connectionString.sslMode().meaning());
        connectionString.warnings().forEach(warning -> log.warn("{}: {}", connectionString, warning));
        return new DefaultDatabase(this);
    }

    String name() {
        return name == null ? defaultName() : name;
    }

    private String defaultName() {
        HostAndPort host = connectionString.hosts().get(0);
        return connectionString.database().or(connectionString::user).orElse("postgres") + "@" + host.host();
    }
}
