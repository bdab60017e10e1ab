package io.github.r2dbcsession.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.Database;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Keeps the documents true: code in them is code that compiles, and links in them lead somewhere. */
class DocsTest {

    private static final Pattern JAVA = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?://)([^)#]+)");

    @ParameterizedTest
    @MethodSource("documents")
    void javaCodeIsTakenFromSourcesThatCompile(Path document) throws IOException {
        String sources = sources();
        Matcher block = JAVA.matcher(Files.readString(document));
        while (block.find()) {
            assertThat(sources).as("a block of %s", document).contains(squeezed(block.group(1)));
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void linksLeadSomewhere(Path document) throws IOException {
        Path folder = document.toAbsolutePath().getParent();
        Matcher link = LINK.matcher(Files.readString(document));
        while (link.find()) {
            assertThat(folder.resolve(link.group(1)))
                    .as("a link of %s", document)
                    .exists();
        }
    }

    @Test
    void theFirstExampleOfTheReadmeIsShortAndEarly() throws IOException {
        List<String> readme = Files.readAllLines(Path.of("README.md"));
        int start = readme.indexOf("```java");
        int end = start + readme.subList(start, readme.size()).indexOf("```");

        assertThat(start).isLessThan(25);
        assertThat(end - start - 1).isLessThanOrEqualTo(15);
    }

    @Test
    void theReadmesConnectionStringIsUnderstood() {
        assertThat(ReadmeExample.run()).isNotNull();
        assertThat(Database.of("postgresql+psycopg2://app:y5[x@db:5432/shop?sslmode=require")
                        .toString())
                .contains("***")
                .doesNotContain("y5[x");
    }

    static List<Path> documents() throws IOException {
        List<Path> documents = new ArrayList<>();
        try (Stream<Path> top = Files.list(Path.of(""));
                Stream<Path> docs = Files.walk(Path.of("docs"))) {
            Stream.concat(top, docs)
                    .filter(file -> file.toString().endsWith(".md"))
                    .forEach(documents::add);
        }
        return documents;
    }

    private static String sources() throws IOException {
        StringBuilder all = new StringBuilder();
        for (String root : List.of("src/main/java", "src/example/java", "src/test/java/io/github/r2dbcsession/docs")) {
            try (Stream<Path> files = Files.walk(Path.of(root))) {
                for (Path file :
                        files.filter(path -> path.toString().endsWith(".java")).toList()) {
                    all.append(Files.readString(file)).append('\n');
                }
            }
        }
        return squeezed(all.toString());
    }

    /** White space is where documents and the formatter may differ. */
    private static String squeezed(String code) {
        return code.replaceAll("\\s+", "");
    }
}
