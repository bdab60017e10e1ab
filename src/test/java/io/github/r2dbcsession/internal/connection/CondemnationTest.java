package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CondemnationTest {

    @ParameterizedTest
    @CsvSource({"FATAL,57P01", "FATAL,57P02", "FATAL,57P03", "WARNING,57P01", "WARNING,57P02", "PANIC,XX000"})
    void aServerThatGoesSpeaksAgainstAllItsConnections(String severity, String code) {
        assertThat(read(message(severity, severity, code))).isEqualTo(new Condemnation(code, true));
    }

    @ParameterizedTest
    @CsvSource({"57P05", "25P03", "25P04", "08P01", "XX000", "28000"})
    void aSessionThatIsEndedSpeaksForItself(String code) {
        assertThat(read(message("FATAL", "FATAL", code))).isEqualTo(new Condemnation(code, false));
    }

    @ParameterizedTest
    @CsvSource({
        "ERROR,XX000",
        "ERROR,08006",
        "ERROR,57014",
        "ERROR,57P01",
        "NOTICE,57P02",
        "WARNING,01000",
        "WARNING,57P03",
    })
    void whatLeavesTheSessionAliveCondemnsNothing(String severity, String code) {
        assertThat(read(message(severity, severity, code))).isNull();
    }

    @Test
    void theSeverityIsReadWhereItIsNotTranslated() {
        assertThat(read(message("ВАЖНО", "FATAL", "57P01"))).isEqualTo(new Condemnation("57P01", true));
        assertThat(read(message("FATAL", "ERROR", "57P01"))).isNull();
    }

    @Test
    void theOneSeverityOfAnOldServerOrAPoolerWillDo() {
        assertThat(read("SFATAL\0C08P01\0Mclient_idle_timeout\0\0")).isEqualTo(new Condemnation("08P01", false));
    }

    @Test
    void aReadOnlyTransactionIsTold() {
        byte[] head = message("ERROR", "ERROR", "25006").getBytes(StandardCharsets.UTF_8);

        assertThat(Condemnation.isReadOnly(head, head.length)).isTrue();
        assertThat(read(message("ERROR", "ERROR", "25006"))).isNull();
    }

    @Test
    void anOddCodeIsNotRepeated() {
        assertThat(read("SFATAL\0VFATAL\0C<b>\0\0")).isEqualTo(new Condemnation("XX000", false));
    }

    @Test
    void anythingAtAllCanBeRead() {
        Random random = new Random(7);
        byte[] letters = "SVC\0FATLERO57P01".getBytes(StandardCharsets.US_ASCII);
        byte[] head = new byte[FrameScanner.ERROR_HEAD];
        for (int i = 0; i < 200_000; i++) {
            for (int j = 0; j < head.length; j++) {
                head[j] = letters[random.nextInt(letters.length)];
            }
            int length = random.nextInt(head.length + 1);
            Condemnation.read(head, length);
            Condemnation.isReadOnly(head, length);
        }
    }

    private static String message(String localised, String severity, String code) {
        return "S%s\0V%s\0C%s\0Mterminating\0\0".formatted(localised, severity, code);
    }

    private static @Nullable Condemnation read(String fields) {
        byte[] bytes = fields.getBytes(StandardCharsets.UTF_8);
        byte[] head = Arrays.copyOf(bytes, FrameScanner.ERROR_HEAD);
        return Condemnation.read(head, Math.min(bytes.length, head.length));
    }
}
