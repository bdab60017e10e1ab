package io.github.r2dbcsession.jmx;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.health.DatabaseHealth;
import java.lang.management.ManagementFactory;
import java.util.Objects;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;

/**
 * Shows a database to JMX as a {@link DatabaseMXBean}, on the platform's server under
 * {@code io.github.r2dbcsession:type=Database,name="shop"}, until it is closed. Whoever may use that server may suspend the pool.
 * Thread-safe.
 */
public final class ManagedDatabase implements AutoCloseable {

    private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    private final ObjectName name;

    private ManagedDatabase(Database database, @Nullable DatabaseHealth health) {
        try {
            this.name =
                    new ObjectName("io.github.r2dbcsession:type=Database,name=" + ObjectName.quote(database.name()));
            server.registerMBean(new DatabaseBean(database, health), name);
        } catch (InstanceAlreadyExistsException e) {
            throw new IllegalStateException(
                    "a database named " + database.name() + " is registered already: give each a name of its own", e);
        } catch (JMException e) {
            throw new IllegalStateException("the database " + database.name() + " could not be registered", e);
        }
    }

    /**
     * Registers a database without health.
     *
     * @throws IllegalStateException when one of that name is registered
     */
    public static ManagedDatabase register(Database database) {
        return new ManagedDatabase(Objects.requireNonNull(database, "database"), null);
    }

    /**
     * Registers a database with its health, which is checked as it is looked at: what is shown is the check before.
     *
     * @throws IllegalStateException when one of that name is registered
     */
    public static ManagedDatabase register(Database database, DatabaseHealth health) {
        return new ManagedDatabase(
                Objects.requireNonNull(database, "database"), Objects.requireNonNull(health, "health"));
    }

    /** The name it is registered under. */
    public ObjectName objectName() {
        return name;
    }

    /** Removes it from the server. Safe to call twice; the database stays open. */
    @Override
    public void close() {
        try {
            server.unregisterMBean(name);
        } catch (InstanceNotFoundException gone) {
            // It was closed before.
        } catch (JMException e) {
            throw new IllegalStateException("the database could not be removed from JMX", e);
        }
    }
}
