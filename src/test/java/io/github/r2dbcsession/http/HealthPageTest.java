package io.github.r2dbcsession.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HealthPageTest {

    private final String page = HealthPage.answer().body();
    private final String policy = HealthPage.answer().policy();

    @Test
    void talksToNobodyElse() {
        assertThat(page).doesNotContainPattern("(?i)https?:|url\\(|@import|//[a-z]|import\\(|fetch\\(|XMLHttp");
        assertThat(all("(?:src|href)=\"([^\"]*)\"")).containsExactly("data:,");
        assertThat(all("new EventSource\\('([^']*)'\\)")).containsExactly("health/events");
    }

    @Test
    void runsItsOwnStyleAndScriptAndNothingElse() throws Exception {
        assertThat(policy)
                .startsWith("default-src 'none'; connect-src 'self'; img-src data:; ")
                .contains("style-src '" + hash("style") + "';", "script-src '" + hash("script") + "';")
                .contains("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
                .doesNotContain("unsafe", "*");
        assertThat(page).doesNotContainPattern("\\son[a-z]+=|\\sstyle=|innerHTML|outerHTML|insertAdjacent|eval\\(");
        assertThat(all("<(script|style)\\b[^>]*>")).containsExactly("style", "script");
    }

    @Test
    void hasLandmarksAndNamesForThoseWhoListen() {
        assertThat(page)
                .contains("<html lang=\"en\">", "<title>", "<header>", "<main ", "<footer>", "<h1>")
                .contains("role=\"status\" aria-live=\"polite\"")
                .contains("aria-label=\"Databases\"", "'aria-labelledby'", "role=\"img\"", "'aria-label', 'Latency. '")
                .contains("<noscript>");
        assertThat(all("<meter ")).hasSameSizeAs(all("<label>")).hasSize(4);
        assertThat(page).as("each gauge has its label").contains(".htmlFor = id");
    }

    @Test
    void fitsPhonesAndBothLights() {
        assertThat(page)
                .contains("width=device-width", "color-scheme: light dark", "(prefers-color-scheme: dark)")
                .contains("auto-fit", "overflow-wrap: anywhere");
    }

    /** WCAG 2.1 AA: text needs a contrast of 4.5 against what is behind it. */
    @ParameterizedTest
    @ValueSource(strings = {"ink", "faint", "healthy", "degraded", "unhealthy", "unknown"})
    void textStandsOutInBothLights(String colour) {
        List<String> texts = all("--" + colour + ": (#[0-9a-f]+)");
        List<String> cards = all("--card: (#[0-9a-f]+)");
        List<String> papers = all("--paper: (#[0-9a-f]+)");
        assertThat(texts).hasSize(2);
        for (int light = 0; light < 2; light++) {
            assertThat(contrast(texts.get(light), cards.get(light))).isGreaterThan(4.5);
            assertThat(contrast(texts.get(light), papers.get(light))).isGreaterThan(4.5);
        }
    }

    private List<String> all(String pattern) {
        return Pattern.compile(pattern)
                .matcher(page)
                .results()
                .map((MatchResult found) -> found.groupCount() == 0 ? found.group() : found.group(1))
                .toList();
    }

    private String hash(String element) throws Exception {
        String content = all("(?s)<" + element + ">(.*)</" + element + ">").get(0);
        byte[] hash = MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8));
        return "sha256-" + Base64.getEncoder().encodeToString(hash);
    }

    private static double contrast(String one, String other) {
        double a = luminance(one);
        double b = luminance(other);
        return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    }

    private static double luminance(String colour) {
        String hex = colour.length() == 4 ? colour.replaceAll("([0-9a-f])", "$1$1") : colour;
        double[] weights = {0.2126, 0.7152, 0.0722};
        double luminance = 0;
        for (int i = 0; i < 3; i++) {
            double part = Integer.parseInt(hex.substring(1 + 2 * i, 3 + 2 * i), 16) / 255.0;
            luminance += weights[i] * (part <= 0.03928 ? part / 12.92 : Math.pow((part + 0.055) / 1.055, 2.4));
        }
        return luminance;
    }
}
