package io.github.r2dbcsession.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.Session;
import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.health.DatabaseHealth;
import io.github.r2dbcsession.testing.Chromium;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import reactor.core.Disposable;
import reactor.netty.DisposableServer;

/**
 * The page in a real browser: {@code mvn verify -Dscale=nightly -Dit.test=HealthPageIT}, where there is Debian's {@code chromium}.
 * With {@code -Dscreenshots=write} the pictures in {@code docs/} are taken anew.
 */
@DatabaseTest
@DisabledIfSystemProperty(named = "scale", matches = "commit", disabledReason = "needs a browser, and the nightly tier")
class HealthPageIT {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Database db = Database.builder(TestDatabase.get().url(HealthPageIT.class))
            .name("shop")
            .pool(PoolSettings.builder().maxSize(4).maxAcquireTime(LIMIT).build())
            .build();
    private final DatabaseHealth health = DatabaseHealth.of(db);
    private final DisposableServer http =
            HealthEndpoint.of(health).showDetails().bind(0).block(LIMIT);

    @BeforeEach
    void aBrowser() {
        assumeTrue(Chromium.isInstalled(), "there is no Chromium");
    }

    @AfterEach
    void stop() {
        http.disposeNow(LIMIT);
        health.close().then(db.close()).block(LIMIT);
    }

    @Test
    @Timeout(180)
    void aSaturatedPoolIsSeenToTurnAndToTurnBack() throws IOException {
        try (Chromium browser = new Chromium()) {
            browser.size(900, 760);
            browser.prefer("light");
            browser.open("http://127.0.0.1:" + http.port() + "/health");
            awaitText(browser, "#all", "HEALTHY");
            awaitText(browser, "section h2", "shop");
            awaitText(browser, "[data-value=used]", "0");
            assertThat(text(browser, "section ul")).isEqualTo("Nothing to report.");
            await().atMost(LIMIT).until(() -> points(browser) >= 8);

            Session[] held = new Session[4];
            for (int i = 0; i < held.length; i++) {
                held[i] = db.openSession().block(LIMIT);
            }
            Disposable waiting = db.openSession().flatMap(Session::close).subscribe();
            awaitText(browser, "#all", "DEGRADED");
            awaitText(browser, "section ul", "SATURATED: 4 connections in use and 1 callers waiting");
            awaitText(browser, "[data-value=used]", "4");
            awaitText(browser, "[data-value=pending]", "1");
            String light = background(browser);
            picture(browser, "health-light");
            browser.prefer("dark");
            assertThat(background(browser)).isNotEqualTo(light);
            picture(browser, "health-dark");

            browser.size(360, 640);
            assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt())
                    .isLessThanOrEqualTo(360);
            int before = points(browser);
            await().atMost(LIMIT).until(() -> points(browser) > before);
            assertThat(browser.evaluate("performance.getEntriesByType('resource')"
                                    + ".filter(entry => !entry.name.endsWith('/health/events')).length")
                            .asInt())
                    .as("resources beside the page and its events")
                    .isZero();

            for (Session session : held) {
                session.close().block(LIMIT);
            }
            await().atMost(LIMIT).until(waiting::isDisposed);
            awaitText(browser, "#all", "HEALTHY");
            awaitText(browser, "section ul", "Nothing to report.");
        }
    }

    private static void awaitText(Chromium browser, String element, String text) {
        await(element + " says " + text)
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(200))
                .until(() -> text(browser, element), shown -> shown.contains(text) && !shown.contains("UN" + text));
    }

    private static String text(Chromium browser, String element) {
        return browser.evaluate("(document.querySelector('" + element + "') || {}).textContent || ''")
                .asText()
                .strip();
    }

    /** How many points the chart has. */
    private static int points(Chromium browser) {
        return browser.evaluate("document.querySelector('polyline').points.length")
                .asInt();
    }

    private static String background(Chromium browser) {
        return browser.evaluate("getComputedStyle(document.body).backgroundColor")
                .asText();
    }

    private static void picture(Chromium browser, String name) throws IOException {
        byte[] picture = browser.picture();
        assertThat(picture.length).isGreaterThan(5_000);
        if (System.getProperty("screenshots", "").equals("write")) {
            Files.write(Path.of("docs/how-to/images", name + ".png"), picture);
        }
    }
}
