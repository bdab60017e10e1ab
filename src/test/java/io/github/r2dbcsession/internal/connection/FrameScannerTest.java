package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class FrameScannerTest {

    private final List<String> seen = new ArrayList<>();
    private final FrameScanner scanner = new FrameScanner((type, head, length) ->
            seen.add((char) type + ":" + new String(head, 0, length, StandardCharsets.ISO_8859_1)));

    @Test
    void aMessageWithoutBodyIsSeen() {
        scanner.scan(Unpooled.wrappedBuffer(new byte[] {'S', 0, 0, 0, 4}));

        assertThat(seen).containsExactly("S:");
    }

    @Test
    void ofALongBodyOnlyTheHeadIsKept() {
        String body = "0123456789".repeat(1000);

        scanner.scan(message('D', body));

        assertThat(seen).containsExactly("D:" + body.substring(0, FrameScanner.HEAD));
    }

    @Test
    void ofAnErrorMoreIsKept() {
        String body = "0123456789".repeat(1000);

        scanner.scan(message('E', body));

        assertThat(seen).containsExactly("E:" + body.substring(0, FrameScanner.ERROR_HEAD));
    }

    @Test
    void whatIsScannedIsLeftToBeRead() {
        ByteBuf chunk = message('C', "COMMIT\0");

        scanner.scan(chunk);

        assertThat(chunk.readableBytes()).isEqualTo(12);
    }

    @RepeatedTest(50)
    void howTheStreamIsCutDoesNotMatter(RepetitionInfo repetition) {
        Random random = new Random(repetition.getCurrentRepetition());
        List<String> expected = new ArrayList<>();
        ByteBuf stream = Unpooled.buffer();
        for (int i = 0; i < 200; i++) {
            char type = (char) ('A' + random.nextInt(26));
            String body = "x".repeat(random.nextInt(100));
            int kept = type == 'E' || type == 'N' ? FrameScanner.ERROR_HEAD : FrameScanner.HEAD;
            expected.add(type + ":" + body.substring(0, Math.min(body.length(), kept)));
            stream.writeBytes(message(type, body));
        }

        while (stream.isReadable()) {
            scanner.scan(stream.readSlice(Math.min(stream.readableBytes(), 1 + random.nextInt(12))));
        }

        assertThat(seen).isEqualTo(expected);
    }

    private static ByteBuf message(char type, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.ISO_8859_1);
        return Unpooled.buffer().writeByte(type).writeInt(bytes.length + 4).writeBytes(bytes);
    }
}
