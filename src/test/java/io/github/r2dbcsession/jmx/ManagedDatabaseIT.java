package io.github.r2dbcsession.jmx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Session;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.health.DatabaseHealth;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.Disposable;

@DatabaseTest
class ManagedDatabaseIT {

    private static final Duration LIMIT = Duration.ofSeconds(25);

    private final MBeanServer jmx = ManagementFactory.getPlatformMBeanServer();
    private final Database db = Database.builder(TestDatabase.get().url(ManagedDatabaseIT.class))
            .name("shop, \"north\"")
            .pool(PoolSettings.builder().maxSize(1).build())
            .build();
    private final DatabaseHealth health = DatabaseHealth.of(db);

    @AfterEach
    void everythingIsGivenBack() {
        health.close().then(db.close()).block(LIMIT);
    }

    @Test
    void figuresHoldersAndHealthAreShown() throws Exception {
        try (ManagedDatabase managed = ManagedDatabase.register(db, health)) {
            ObjectName name = managed.objectName();
            Session only = db.openSession().block(LIMIT);
            Disposable waiting = db.openSession().subscribe();

            assertThat(jmx.getAttribute(name, "Name")).isEqualTo("shop, \"north\"");
            assertThat(jmx.getAttribute(name, "Acquired")).isEqualTo(1);
            assertThat(jmx.getAttribute(name, "Pending")).isEqualTo(1);
            assertThat(jmx.getAttribute(name, "Idle")).isEqualTo(0);
            assertThat(jmx.getAttribute(name, "Connecting")).isEqualTo(0);
            assertThat(jmx.getAttribute(name, "Recovering")).isEqualTo(0);
            assertThat(jmx.getAttribute(name, "MaxSize")).isEqualTo(1);
            assertThat(jmx.getAttribute(name, "Utilization")).isEqualTo(1.0);
            assertThat((String[]) jmx.getAttribute(name, "Holders"))
                    .singleElement()
                    .asString()
                    .contains("ManagedDatabaseIT");
            assertThat(jmx.getAttribute(name, "HealthScore")).isEqualTo(Double.NaN);
            await().atMost(LIMIT)
                    .untilAsserted(
                            () -> assertThat(jmx.getAttribute(name, "Health")).isEqualTo("DEGRADED"));
            assertThat((String[]) jmx.getAttribute(name, "HealthFindings"))
                    .anyMatch(finding -> finding.startsWith("SATURATED: 1 connections in use"));
            assertThat(jmx.getAttribute(name, "HealthScore")).isEqualTo(0.6);

            waiting.dispose();
            only.close().block(LIMIT);
        }
    }

    @Test
    void idleConnectionsAreEvictedAndLendingIsSuspended() throws Exception {
        try (ManagedDatabase managed = ManagedDatabase.register(db)) {
            ObjectName name = managed.objectName();
            db.sql("SELECT 1").rowsUpdated().block(LIMIT);
            await().atMost(LIMIT).until(() -> db.stats().idle() == 1);

            assertThat(jmx.invoke(name, "evictIdle", null, null)).isEqualTo(1);
            await().atMost(LIMIT).until(() -> jmx.getAttribute(name, "Idle").equals(0));

            jmx.invoke(name, "suspend", null, null);
            Disposable waiting = db.sql("SELECT 1").rowsUpdated().subscribe();
            await().atMost(LIMIT).until(() -> jmx.getAttribute(name, "Pending").equals(1));
            jmx.invoke(name, "resume", null, null);
            await().atMost(LIMIT).until(waiting::isDisposed);
            assertThat(jmx.getAttribute(name, "Health")).isEqualTo("");
        }
    }

    @Test
    void aNameIsRegisteredOnceAndClosingFreesIt() {
        ManagedDatabase managed = ManagedDatabase.register(db);
        assertThatIllegalStateException()
                .isThrownBy(() -> ManagedDatabase.register(db))
                .withMessageContaining("north");

        managed.close();
        managed.close();
        assertThat(jmx.isRegistered(managed.objectName())).isFalse();
        ManagedDatabase.register(db).close();
    }
}
