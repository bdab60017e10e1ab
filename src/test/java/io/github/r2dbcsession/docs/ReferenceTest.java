package io.github.r2dbcsession.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.github.r2dbcsession.config.PoolSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares the tables of the reference with the code. */
class ReferenceTest {

    @Test
    void everyErrorIsListedWithItsParent() throws IOException {
        Map<String, String> listed = new TreeMap<>();
        Matcher row = Pattern.compile("^\\| `(\\w+)` \\| `(\\w+)` \\|", Pattern.MULTILINE)
                .matcher(Files.readString(Path.of("docs/reference/errors.md")));
        while (row.find()) {
            listed.put(row.group(1), row.group(2));
        }

        Map<String, String> there = new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests())
                        .importPackages("io.github.r2dbcsession")
                        .stream()
                        .filter(type -> type.isAssignableTo(Throwable.class))
                        .filter(type -> type.getModifiers().contains(JavaModifier.PUBLIC))
                        .filter(type -> !type.getPackageName().contains(".internal"))
                        .filter(type -> !type.getPackageName().contains(".example"))
                        .collect(Collectors.toMap(
                                JavaClass::getSimpleName,
                                type -> type.getRawSuperclass().orElseThrow().getSimpleName(),
                                (a, b) -> a,
                                TreeMap::new));

        assertThat(listed).isEqualTo(there);
    }

    @ParameterizedTest
    @ValueSource(strings = {"defaults", "development", "production", "serverless"})
    void presetsHaveTheListedFigures(String preset) throws Exception {
        PoolSettings settings =
                (PoolSettings) PoolSettings.class.getMethod(preset).invoke(null);

        assertThat(poolPage())
                .contains("| `PoolSettings.%s()` | %d | %d | %d | %s |"
                        .formatted(
                                preset,
                                settings.size(),
                                settings.maxOverflow(),
                                settings.maxSize(),
                                settings.pooling() ? "yes" : "no"));
    }

    @Test
    void everyPoolSettingIsListedWithItsDefault() throws IOException {
        PoolSettings defaults = PoolSettings.defaults();
        assertThat(poolPage())
                .contains("| `maxSize` | " + defaults.maxSize() + " |")
                .contains("| `minIdle` | " + defaults.minIdle() + " |")
                .contains("| `initialSize` | " + defaults.initialSize() + " |")
                .contains("| `maxAcquireTime` | " + defaults.maxAcquireTime().toSeconds() + " s |")
                .contains("| `maxCreateConnectionTime` | "
                        + defaults.maxCreateConnectionTime().toSeconds() + " s |")
                .contains("| `maxIdleTime` | "
                        + defaults.maxIdleTime().orElseThrow().toMinutes() + " min |")
                .contains("| `maxLifeTime` | "
                        + defaults.maxLifeTime().orElseThrow().toHours() + " h |");

        Set<String> setters = java.util.Arrays.stream(
                        io.github.r2dbcsession.config.PoolSettingsBuilder.class.getMethods())
                .filter(method -> method.getReturnType() == io.github.r2dbcsession.config.PoolSettingsBuilder.class)
                .map(java.lang.reflect.Method::getName)
                .collect(Collectors.toSet());
        setters.removeAll(Set.of("timeout", "recycle"));
        assertThat(setters).allSatisfy(setter -> assertThat(poolPage()).contains(setter));
    }

    private static String poolPage() throws IOException {
        return Files.readString(Path.of("docs/reference/pool-settings.md"));
    }
}
