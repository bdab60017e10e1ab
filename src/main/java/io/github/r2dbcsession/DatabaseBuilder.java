package io.github.r2dbcsession;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.HostAndPort;
import io.github.r2dbcsession.config.PoolSettings;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Collects the settings of a {@link Database}. Not thread-safe. */
public final class DatabaseBuilder {

    private static final Logger log = LoggerFactory.getLogger(Database.class);

    private static final Duration DEFAULT_DRAIN_TIME = Duration.ofSeconds(10);

    private final ConnectionString connectionString;
    private PoolSettings poolSettings = PoolSettings.defaults();
    private TransactionOptions transactionDefaults = TransactionOptions.defaults();
    private Duration drainTime = DEFAULT_DRAIN_TIME;
    private @Nullable String name;

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

    /** Sets how long {@link Database#close()} waits for work under way, 0 or more. Default: 10 s. */
    public DatabaseBuilder drainTime(Duration drainTime) {
        if (drainTime.isNegative()) {
            throw new IllegalArgumentException("drainTime must not be negative, was " + drainTime);
        }
        this.drainTime = drainTime;
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
        return DefaultDatabase.create(
                name == null ? defaultName() : name, connectionString, poolSettings, transactionDefaults, drainTime);
    }

    private String defaultName() {
        HostAndPort host = connectionString.hosts().get(0);
        return connectionString.database().or(connectionString::user).orElse("postgres") + "@" + host.host();
    }
}
