package io.github.r2dbcsession.internal.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No name is looked up for what a column holds: not for one that looks like an address either. */
class InternetTest {

    private static final String FOUND = "192.0.2.7";

    /** All of hexadecimal digits, dots and colons, as addresses are. */
    private static final List<String> NAMES =
            List.of("1.de", "cafe", "0xcafe", "1.2.3", "1.2.3.4.5", "256.1.1.1", "3232235777", "10.0.0.1.");

    @TempDir
    private Path folder;

    /** The look-ups of another JVM are answered from a file, which knows every one of these names. */
    @Test
    void noNameServiceIsAskedForWhatLooksLikeAnAddress() throws Exception {
        Path hosts = folder.resolve("hosts");
        Files.writeString(
                hosts, NAMES.stream().map(name -> FOUND + " " + name + "\n").collect(Collectors.joining()));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djdk.net.hosts.file=" + hosts,
                "-cp",
                System.getProperty("java.class.path"),
                Reading.class.getName()));
        command.addAll(NAMES);
        command.add("10.0.0.1");
        command.add("2001:db8::1");
        Path output = folder.resolve("output");
        Process reading = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();

        assertThat(reading.waitFor()).as(Files.readString(output)).isZero();
        List<String> expected = new ArrayList<>(Collections.nCopies(NAMES.size(), "refused"));
        expected.add("10.0.0.1");
        expected.add("2001:db8:0:0:0:0:0:1");
        List<String> lines = Files.readAllLines(output, StandardCharsets.UTF_8);
        assertThat(lines.get(0)).as("a name that is looked up there").isEqualTo(FOUND);
        assertThat(lines.subList(1, lines.size())).isEqualTo(expected);
    }

    /** Says what the JDK makes of the first of some texts, and what is made here of each. */
    static final class Reading {

        private Reading() {}

        /** Runs it. */
        public static void main(String... texts) throws UnknownHostException {
            System.out.println(InetAddress.getByName(texts[0]).getHostAddress());
            for (String text : texts) {
                System.out.println(read(text));
            }
        }

        private static String read(String text) {
            try {
                return Internet.address(text).getHostAddress();
            } catch (Conversion.Failure e) {
                return "refused";
            }
        }
    }
}
