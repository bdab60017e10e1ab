package io.github.r2dbcsession.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZInputStream;

/** libpq 18 itself, from the binaries of the embedded server: what it reads in a string, and what it says before it dials. */
final class Libpq {

    private static final List<String> FILES = List.of("libpq.so.5.18", "libssl.so.1.1", "libcrypto.so.1.1");
    private static final List<String> NUMBERS = List.of(
            "connect_timeout",
            "keepalives",
            "keepalives_idle",
            "keepalives_interval",
            "keepalives_count",
            "tcp_user_timeout");

    /** An option is five pointers to text, a number, and padding; its keyword comes first, its value fourth. */
    private static final int OPTION_SIZE = 7 * Native.POINTER_SIZE;

    private static final int VALUE_OFFSET = 3 * Native.POINTER_SIZE;

    /** What libpq states itself where nobody else does. */
    private static final Map<String, String> OWN_DEFAULTS = Map.ofEntries(
            Map.entry("channel_binding", "prefer"),
            Map.entry("port", "5432"),
            Map.entry("sslmode", "prefer"),
            Map.entry("sslnegotiation", "postgres"),
            Map.entry("sslcompression", "0"),
            Map.entry("sslcertmode", "allow"),
            Map.entry("sslsni", "1"),
            Map.entry("gssencmode", "disable"),
            Map.entry("ssl_min_protocol_version", "TLSv1.2"),
            Map.entry("target_session_attrs", "any"),
            Map.entry("load_balance_hosts", "disable"));

    private static @Nullable Libpq loaded;

    private final NativeLibrary symbols;

    private Libpq(NativeLibrary symbols) {
        this.symbols = symbols;
    }

    /** Loads it; where there is none the test fails on Linux and is skipped elsewhere. */
    static synchronized Libpq load() {
        assumeTrue(System.getProperty("os.name").equals("Linux"), "libpq 18 is at hand on Linux only");
        if (loaded == null) {
            try {
                loaded = new Libpq(
                        NativeLibrary.getInstance(unpack().resolve(FILES.get(0)).toString()));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return loaded;
    }

    private static Path unpack() throws IOException {
        String processor = System.getProperty("os.arch").equals("aarch64") ? "arm_64" : "x86_64";
        Path folder = Files.createTempDirectory("libpq");
        try (InputStream archive = Libpq.class.getResourceAsStream("/postgres-linux-" + processor + ".txz")) {
            assertThat(archive).as("PostgreSQL's binaries for Linux").isNotNull();
            TarArchiveInputStream files = new TarArchiveInputStream(new XZInputStream(archive));
            for (TarArchiveEntry entry = files.getNextEntry(); entry != null; entry = files.getNextEntry()) {
                String name = entry.getName().replaceFirst(".*/", "");
                if (FILES.contains(name) && entry.isFile()) {
                    Files.copy(files, folder.resolve(name));
                    folder.resolve(name).toFile().deleteOnExit();
                }
            }
        }
        folder.toFile().deleteOnExit();
        return folder;
    }

    /** What a string states, by keyword; empty where libpq refuses it, be it only when connecting, or where a value is not UTF-8. */
    Optional<Map<String, String>> read(String text) {
        return parse(text).filter(values -> objection(values).isEmpty());
    }

    /** What a string states, before any value is looked at. */
    private Optional<Map<String, String>> parse(String text) {
        PointerByReference error = new PointerByReference();
        Pointer options = function("PQconninfoParse").invokePointer(new Object[] {bytes(text), error});
        if (options == null) {
            function("PQfreemem").invokeVoid(new Object[] {error.getValue()});
            return Optional.empty();
        }
        try {
            return Optional.of(stated(options));
        } catch (CharacterCodingException notUtf8) {
            return Optional.empty();
        } finally {
            function("PQconninfoFree").invokeVoid(new Object[] {options});
        }
    }

    /** libpq's keywords and the variable of each that has one. */
    Map<String, String> variables() {
        Map<String, String> variables = new LinkedHashMap<>();
        Pointer options = function("PQconndefaults").invokePointer(new Object[0]);
        for (Pointer option = options; option.getPointer(0) != null; option = option.share(OPTION_SIZE)) {
            Pointer variable = option.getPointer(Native.POINTER_SIZE);
            if (variable != null) {
                variables.put(option.getPointer(0).getString(0), variable.getString(0));
            }
        }
        function("PQconninfoFree").invokeVoid(new Object[] {options});
        return variables;
    }

    /** What libpq dials with in an environment, by keyword; what is not stated in the end, or libpq's own default, is left out. */
    Map<String, String> connect(String text, Map<String, String> environment) {
        NativeLibrary system = NativeLibrary.getProcess();
        Map<String, String> before = new LinkedHashMap<>();
        environment.forEach((name, value) -> {
            before.put(name, System.getenv(name));
            system.getFunction("setenv").invokeInt(new Object[] {name, value, 1});
        });
        Pointer connection = function("PQconnectStart").invokePointer(new Object[] {bytes(text)});
        Pointer options = function("PQconninfo").invokePointer(new Object[] {connection});
        try {
            Map<String, String> values = stated(options);
            values.remove("passfile");
            values.remove("service");
            OWN_DEFAULTS.forEach(values::remove);
            values.values().removeIf(String::isEmpty);
            String password =
                    function("PQpass").invokePointer(new Object[] {connection}).getString(0, "UTF-8");
            if (!password.isEmpty()) {
                values.put("password", password);
            }
            return values;
        } catch (CharacterCodingException notUtf8) {
            throw new IllegalStateException(notUtf8);
        } finally {
            function("PQconninfoFree").invokeVoid(new Object[] {options});
            function("PQfinish").invokeVoid(new Object[] {connection});
            before.forEach((name, value) -> {
                if (value == null) {
                    system.getFunction("unsetenv").invokeInt(new Object[] {name});
                } else {
                    system.getFunction("setenv").invokeInt(new Object[] {name, value, 1});
                }
            });
        }
    }

    /** The options that have a value, by keyword. */
    private static Map<String, String> stated(Pointer options) throws CharacterCodingException {
        Map<String, String> values = new LinkedHashMap<>();
        for (Pointer option = options; option.getPointer(0) != null; option = option.share(OPTION_SIZE)) {
            Pointer value = option.getPointer(VALUE_OFFSET);
            if (value != null) {
                int length = (int) value.indexOf(0, (byte) 0);
                values.put(
                        option.getPointer(0).getString(0),
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .decode(ByteBuffer.wrap(value.getByteArray(0, length)))
                                .toString());
            }
        }
        return values;
    }

    /**
     * What libpq says to the values before it dials: hosts are replaced by a socket that is not there, as names would be resolved first,
     * and the numbers that it reads only on a TCP connection are read here as its documentation has it.
     */
    private Optional<String> objection(Map<String, String> values) {
        Optional<String> number = NUMBERS.stream()
                .filter(name -> values.containsKey(name) && !isNumber(values.get(name)))
                .findFirst();
        if (number.isPresent()) {
            return number;
        }
        Map<String, String> asked = new LinkedHashMap<>(values);
        String hosts = asked.getOrDefault("host", "");
        String addresses = asked.getOrDefault("hostaddr", "");
        int count = (hosts.isEmpty() ? addresses : hosts).split(",", -1).length;
        if (!hosts.isEmpty() && !addresses.isEmpty() && addresses.split(",", -1).length != count) {
            return Optional.of("hostaddr");
        }
        asked.remove("hostaddr");
        asked.put("host", String.join(",", java.util.Collections.nCopies(count, "/nonexistent")));
        String conninfo = asked.entrySet().stream()
                .map(value -> value.getKey() + "='" + value.getValue().replaceAll("[\\\\']", "\\\\$0") + "'")
                .collect(Collectors.joining(" "));
        Pointer connection = function("PQconnectStart").invokePointer(new Object[] {bytes(conninfo)});
        try {
            String message = function("PQerrorMessage")
                    .invokePointer(new Object[] {connection})
                    .getString(0, "UTF-8");
            boolean dialled = message.contains("No such file or directory")
                    && !message.contains("invalid port number")
                    && !message.contains("invalid integer value");
            return dialled ? Optional.empty() : Optional.of(message);
        } finally {
            function("PQfinish").invokeVoid(new Object[] {connection});
        }
    }

    private static boolean isNumber(String text) {
        try {
            Integer.parseInt(text.strip());
            return true;
        } catch (NumberFormatException none) {
            return false;
        }
    }

    private Function function(String name) {
        return symbols.getFunction(name);
    }

    private static Memory bytes(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Memory memory = new Memory(bytes.length + 1);
        memory.write(0, bytes, 0, bytes.length);
        memory.setByte(bytes.length, (byte) 0);
        return memory;
    }
}
