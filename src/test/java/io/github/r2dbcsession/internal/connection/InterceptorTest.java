package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;

/** What goes to the server and what the driver gets to see, wherever TCP splits it. */
class InterceptorTest {

    private static final Preamble BEGIN = Preamble.of(List.of("BEGIN", "SET LOCAL lock_timeout = 1"))
            .and("SELECT set_config($1, $2, true)", List.of("app.tenant", "ä"));
    private static final String BEGIN_ANSWER = "1 2 C:BEGIN 1 2 C:SET 1 2 D:x C:SELECT_1 ";
    private static final String STATEMENT_ANSWER = "1 2 T:columns D:row C:SELECT_1 3 Z:T ";
    private static final String NOTICE = "N:SWARNING\0VWARNING\0C01000\0Mtold\0\0 ";
    private static final String ERROR = "E:SERROR\0VERROR\0C22012\0Mdivision\0\0 ";
    private static final String NOTIFICATION = "A:channel ";

    private final List<String> told = new ArrayList<>();
    private final Wire wire = new Wire();
    private final Interceptor interceptor = new Interceptor(wire.fromServer());
    private final EmbeddedChannel channel = new EmbeddedChannel(wire, interceptor);
    private final Lead.Owner owner = new Lead.Owner() {
        @Override
        public void requireOpen() {}

        @Override
        public void begun() {
            told.add("begun");
        }

        @Override
        public void failed(boolean alone, @Nullable Throwable failure) {
            told.add("failed" + (alone ? " alone" : ""));
        }

        @Override
        public void vanished() {
            told.add("vanished");
        }

        @Override
        public void unsent(@Nullable Throwable failure) {
            told.add("unsent");
        }
    };

    InterceptorTest() {
        channel.writeOutbound(Unpooled.buffer().writeInt(8).writeInt(196608));
        channel.<ByteBuf>readOutbound().release();
        channel.writeInbound(messages("Z:I "));
        channel.<ByteBuf>readInbound().release();
    }

    @AfterEach
    void nothingLeaks() {
        channel.finishAndReleaseAll();
    }

    @Test
    void aPreambleGoesAheadOfTheFirstStatementAlone() {
        interceptor.arm(new Lead(BEGIN, owner));

        assertThat(sent("P:query B:values E:all S ")).isEqualTo("P B E P B E P B E P B E S");
        assertThat(sent("B:values E:all S ")).isEqualTo("B E S");
    }

    @Test
    void itWaitsForThatStatement() {
        interceptor.arm(new Lead(BEGIN, owner));

        assertThat(sent("C:close S ")).as("of the driver itself").isEqualTo("C S");
        assertThat(sent("B:values E:all H ")).isEqualTo("P B E P B E P B E B E H");
    }

    @Test
    void whatWasTakenBackIsNotSent() {
        Lead lead = new Lead(BEGIN, owner);
        interceptor.arm(lead);
        interceptor.disarm(lead);

        assertThat(sent("P:query B:values E:all S ")).isEqualTo("P B E S");
    }

    @Test
    void aSimpleQueryNeverFollowsUnanswered() {
        interceptor.arm(new Lead(BEGIN, owner));

        assertThatThrownBy(() -> channel.writeOutbound(messages("Q:DELETE ")))
                .isInstanceOf(IllegalStateException.class);
        assertThat(channel.isOpen()).isFalse();
        assertThat(outbound()).isEmpty();
    }

    @Test
    void theDriverSeesTheStatementsAnswerWhereverItIsSplit() {
        everySplit(BEGIN_ANSWER, STATEMENT_ANSWER, "begun");
    }

    @Test
    void theDriverSeesWhatElseComesBetween() {
        everySplit(
                "1 " + NOTICE + "2 " + NOTIFICATION + "C:BEGIN S:name=value 1 2 C:SET " + NOTICE
                        + "1 2 D:x C:SELECT_1 ",
                NOTICE + NOTIFICATION + "S:name=value " + NOTICE + STATEMENT_ANSWER,
                "begun",
                STATEMENT_ANSWER);
    }

    @Test
    void theDriverSeesTheErrorOfAPreambleWhereverItIsSplit() {
        everySplit("", ERROR + "Z:I ", "failed alone");
        everySplit("1 2 C:BEGIN ", ERROR + "Z:E ", "failed alone");
    }

    @Test
    void anotherAnswerThanToABeginIsTold() {
        everySplit("1 2 ", "3 Z:I ", "vanished", "C:SELECT_1 3 Z:I ");
    }

    @Test
    void theDriverCannotSendAStatementAgainBehindAPreambleThatFailed() {
        for (String code : List.of("26000", "22012")) {
            Lead lead = arm();
            lead.on(() -> {}, () -> told.add("closed"));
            channel.writeInbound(messages(ERROR.replace("22012", code) + "Z:I "));
        }

        assertThat(told).containsExactly("closed");
    }

    @Test
    void aMessageThatHasHalfArrivedBeforeGoesOnToTheDriver() {
        byte[] notification = bytes(messages(NOTIFICATION));
        for (int cut = 1; cut < notification.length; cut++) {
            channel.writeInbound(Unpooled.copiedBuffer(notification, 0, cut));
            arm();
            channel.writeInbound(Unpooled.copiedBuffer(notification, cut, notification.length - cut));
            channel.writeInbound(messages(BEGIN_ANSWER + STATEMENT_ANSWER));

            assertThat(seen()).isEqualTo(hex(NOTIFICATION + STATEMENT_ANSWER));
            assertThat(told).containsExactly("begun");
            told.clear();
        }
    }

    @Test
    void randomAnswersInRandomPieces() {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int round = 0; round < 500; round++) {
            arm();
            StringBuilder all = new StringBuilder();
            StringBuilder driver = new StringBuilder();
            int kept = split(BEGIN_ANSWER).size();
            for (String message : split(BEGIN_ANSWER + STATEMENT_ANSWER)) {
                if (random.nextInt(4) == 0) {
                    String between = random.nextBoolean() ? NOTICE : NOTIFICATION;
                    all.append(between);
                    driver.append(between);
                }
                all.append(message).append(' ');
                if (kept-- <= 0) {
                    driver.append(message).append(' ');
                }
            }
            byte[] bytes = bytes(messages(all.toString()));
            for (int from = 0; from < bytes.length; ) {
                int size = Math.min(bytes.length - from, 1 + random.nextInt(20));
                channel.writeInbound(Unpooled.copiedBuffer(bytes, from, size));
                from += size;
            }
            assertThat(seen()).as("round %d", round).isEqualTo(hex(driver.toString()));
            assertThat(told).containsExactly("begun");
            told.clear();
        }
    }

    @Test
    void aCommandIsConfirmedWithoutTheDriver() {
        byte[] answer = bytes(messages("C:COMMIT Z:I "));
        for (int cut = 1; cut < answer.length; cut++) {
            int at = cut;
            StepVerifier.create(command(Flux.error(new IllegalStateException("asked the driver"))))
                    .then(() -> assertThat(outbound()).isEqualTo("Q"))
                    .then(() -> channel.writeInbound(Unpooled.copiedBuffer(answer, 0, at)))
                    .then(() -> channel.writeInbound(Unpooled.copiedBuffer(answer, at, answer.length - at)))
                    .verifyComplete();
            assertThat(seen()).isEmpty();
            assertThat(wire.isQuiet()).isTrue();
        }
    }

    @Test
    void whatElseIsToBeSaidOfACommandIsLeftToTheDriver() {
        for (String answer : List.of(NOTICE + "C:COMMIT Z:I ", ERROR + "Z:I ", "S:name=value C:ROLLBACK Z:I ")) {
            byte[] bytes = bytes(messages(answer));
            for (int cut = 1; cut < bytes.length; cut++) {
                int at = cut;
                StepVerifier.create(command(Flux.defer(() -> {
                            channel.writeOutbound(messages("Q:COMMIT "));
                            return Flux.just("driver's");
                        })))
                        .then(() -> assertThat(outbound()).isEqualTo("Q"))
                        .then(() -> channel.writeInbound(Unpooled.copiedBuffer(bytes, 0, at)))
                        .then(() -> channel.writeInbound(Unpooled.copiedBuffer(bytes, at, bytes.length - at)))
                        .expectNext("driver's")
                        .verifyComplete();
                assertThat(outbound()).as("sent again").isEmpty();
                assertThat(seen()).isEqualTo(hex(answer));
            }
        }
    }

    @Test
    void aCommandOnAClosedChannelFailsAsTheDriverSays() {
        StepVerifier.create(command(Flux.error(new IllegalArgumentException("closed"))))
                .then(channel::close)
                .verifyError(IllegalArgumentException.class);
        StepVerifier.create(command(Flux.error(new IllegalArgumentException("closed"))))
                .verifyError(IllegalArgumentException.class);
    }

    private Flux<String> command(Flux<String> driver) {
        return new Command<>(interceptor, bytes -> bytes.writeBytes(messages("Q:COMMIT ")), driver);
    }

    private void everySplit(String kept, String seen, String outcome) {
        everySplit(kept, seen, outcome, seen);
    }

    /** In two pieces and byte by byte. */
    private void everySplit(String kept, String seen, String outcome, String rest) {
        byte[] bytes = bytes(messages(kept + rest));
        for (int cut = 0; cut <= bytes.length; cut++) {
            Lead lead = arm();
            if (cut == 0) {
                for (byte single : bytes) {
                    channel.writeInbound(Unpooled.wrappedBuffer(new byte[] {single}));
                }
            } else {
                channel.writeInbound(Unpooled.copiedBuffer(bytes, 0, cut));
                if (cut < bytes.length) {
                    channel.writeInbound(Unpooled.copiedBuffer(bytes, cut, bytes.length - cut));
                }
            }
            lead.end(null);
            assertThat(seen()).as("cut at %d", cut).isEqualTo(hex(seen));
            assertThat(told).as("cut at %d", cut).containsExactly(outcome);
            told.clear();
        }
    }

    private Lead arm() {
        Lead lead = new Lead(BEGIN, owner);
        interceptor.arm(lead);
        sent("P:query B:values E:all S ");
        return lead;
    }

    private String sent(String messages) {
        channel.writeOutbound(messages(messages));
        return outbound();
    }

    /** The types of the messages that went to the server. */
    private String outbound() {
        List<String> types = new ArrayList<>();
        FrameScanner scanner = new FrameScanner((type, head, length) -> types.add(String.valueOf((char) type)));
        for (ByteBuf bytes = channel.readOutbound(); bytes != null; bytes = channel.readOutbound()) {
            scanner.scan(bytes);
            bytes.release();
        }
        return String.join(" ", types);
    }

    /** What the driver got. */
    private String seen() {
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf bytes = channel.readInbound(); bytes != null; bytes = channel.readInbound()) {
            all.writeBytes(bytes);
            bytes.release();
        }
        return ByteBufUtil.hexDump(all);
    }

    private static String hex(String messages) {
        return ByteBufUtil.hexDump(messages(messages));
    }

    private static byte[] bytes(ByteBuf buffer) {
        return ByteBufUtil.getBytes(buffer);
    }

    /** Type, and body behind a colon; a tag and the text of a query end with a zero. */
    private static ByteBuf messages(String messages) {
        ByteBuf bytes = Unpooled.buffer();
        for (String message : split(messages)) {
            String body = message.length() > 2 ? message.substring(2) : "";
            byte[] text = (message.charAt(0) == 'C' || message.charAt(0) == 'Q' ? body + '\0' : body)
                    .getBytes(StandardCharsets.UTF_8);
            bytes.writeByte(message.charAt(0)).writeInt(4 + text.length).writeBytes(text);
        }
        return bytes;
    }

    private static List<String> split(String messages) {
        return Stream.of(messages.split(" ", -1))
                .filter(message -> !message.isEmpty())
                .toList();
    }
}
