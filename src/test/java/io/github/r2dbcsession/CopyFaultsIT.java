package io.github.r2dbcsession;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.r2dbcsession.config.PoolSettings;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.Fault;
import io.github.r2dbcsession.testing.Message;
import io.github.r2dbcsession.testing.ProtocolProxy;
import io.github.r2dbcsession.testing.TestDatabase;
import io.github.r2dbcsession.testing.Trap;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** A connection that breaks in the middle of a COPY or a bulk write: a typed error, nothing written, nothing kept on either side. */
@DatabaseTest
class CopyFaultsIT {

    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final Duration DEADLINE = Duration.ofMillis(1200);
    private static final String SCHEMA = TestDatabase.schema(CopyFaultsIT.class);
    private static final String NAME = TestDatabase.applicationName(CopyFaultsIT.class);

    /** Those that differ most, or all. */
    private static final Set<Work> WORKS = "commit".equals(System.getProperty("scale", "commit"))
            ? EnumSet.of(Work.COPY_IN_A_SESSION, Work.BULK_INSERT, Work.COPY_OUT)
            : EnumSet.allOf(Work.class);

    private final TestDatabase server = TestDatabase.get();
    private final ProtocolProxy proxy = new ProtocolProxy(server);

    record Note(int id, String text) {}

    /** What is under way. */
    enum Work {
        COPY_IN,
        COPY_IN_A_SESSION,
        BULK_COPY,
        BULK_INSERT,
        COPY_OUT;

        /** The message in which it breaks. */
        Predicate<Message> message() {
            return switch (this) {
                case COPY_IN, COPY_IN_A_SESSION, BULK_COPY -> third(Message.sent('d'));
                case BULK_INSERT ->
                    Message.sent('P').and(parsed -> parsed.text().startsWith("INSERT"));
                case COPY_OUT -> third(message -> !message.fromClient() && message.type() == 'd');
            };
        }

        private static Predicate<Message> third(Predicate<Message> messages) {
            AtomicInteger seen = new AtomicInteger();
            return message -> messages.test(message) && seen.incrementAndGet() == 3;
        }

        Mono<?> run(Database db) {
            return switch (this) {
                case COPY_IN -> db.copyIn("COPY note FROM STDIN", lines());
                case COPY_IN_A_SESSION -> db.inSession(session -> session.copyIn("COPY note FROM STDIN", lines()));
                case BULK_COPY -> db.bulk("note", Note.class).copy(notes());
                case BULK_INSERT -> db.bulk("note", Note.class).chunks(500).insert(notes());
                case COPY_OUT -> db.copyOut("COPY kept TO STDOUT").then();
            };
        }
    }

    /** How it breaks. */
    enum Break {
        RESET(Fault.RESET),
        END(Fault.HALF_CLOSE),
        SILENCE(Fault.BLACK_HOLE),
        KILL(Fault.RESET);

        private final Fault fault;

        Break(Fault fault) {
            this.fault = fault;
        }
    }

    @BeforeEach
    void start() {
        server.execute(
                "DROP TABLE IF EXISTS %1$s.note, %1$s.kept; CREATE TABLE %1$s.note (id int PRIMARY KEY, text text)"
                        .formatted(SCHEMA));
        server.execute(
                "CREATE TABLE %s.kept AS SELECT i AS id, repeat('x', 1000) AS text FROM generate_series(1, 3000) i"
                        .formatted(SCHEMA));
    }

    @AfterEach
    void close() {
        proxy.close();
        server.awaitNoBackends(NAME);
    }

    static Stream<Arguments> everyBreakOfEveryWork() {
        return WORKS.stream().flatMap(work -> Arrays.stream(Break.values()).map(how -> Arguments.of(work, how)));
    }

    @ParameterizedTest
    @MethodSource("everyBreakOfEveryWork")
    void itsCallerIsToldAndNothingIsLeft(Work work, Break how) {
        Database db = Database.builder(proxy.url(CopyFaultsIT.class))
                .pool(PoolSettings.builder()
                        .maxSize(2)
                        .maxAcquireTime(LIMIT)
                        .maxCreateConnectionTime(LIMIT)
                        .build())
                .transactions(
                        TransactionOptions.defaults().deadline(how == Break.SILENCE ? DEADLINE : LIMIT.multipliedBy(2)))
                .build();
        try {
            db.sql("SELECT 1").rowsUpdated().block(LIMIT);
            Trap trap = proxy.trap(work.message());
            (how == Break.KILL ? trap.passing(6).then(this::kill) : trap.passing(6)).cut(how.fault);

            Throwable told = limited(work, how, work.run(db))
                    .<Throwable>map(done -> new AssertionError("it came to its end"))
                    .onErrorResume(Mono::just)
                    .block(LIMIT);

            assertThat(proxy.isTrapSet()).isFalse();
            assertThat(told).isInstanceOf(expected(work, how));
            await().atMost(LIMIT)
                    .until(() -> db.stats().acquired() == 0 && db.stats().recovering() == 0);
            await().atMost(LIMIT)
                    .until(() -> server.backends(NAME).stream().allMatch(backend -> "idle".equals(backend.state())));
            assertThat(server.query("SELECT count(*) FROM " + SCHEMA + ".note", row -> row.getLong(1)))
                    .containsExactly(0L);
            assertThat(db.copyIn("COPY note FROM STDIN", lines().take(1)).block(LIMIT))
                    .isEqualTo(1_000);
        } finally {
            db.close().block(LIMIT);
        }
    }

    /** What has no transaction has the limit that its caller puts on it. */
    private static Mono<?> limited(Work work, Break how, Mono<?> run) {
        return work == Work.COPY_OUT && how == Break.SILENCE ? run.timeout(DEADLINE) : run;
    }

    private static Class<? extends Exception> expected(Work work, Break how) {
        if (how == Break.SILENCE) {
            return work == Work.COPY_OUT ? TimeoutException.class : TransactionTimeoutException.class;
        }
        return work == Work.COPY_OUT ? StatementUnknownException.class : NotCommittedException.class;
    }

    private void kill(int pid) {
        server.query("SELECT pg_terminate_backend(?, 10000)", row -> row.getBoolean(1), pid);
    }

    private static Flux<Note> notes() {
        return Flux.range(1, 10_000).map(id -> new Note(id, "x".repeat(200)));
    }

    /** A thousand rows in each buffer. */
    private static Flux<ByteBuffer> lines() {
        return notes().map(note -> note.id() + "\t" + note.text() + "\n")
                .buffer(1_000)
                .map(lines -> ByteBuffer.wrap(String.join("", lines).getBytes(UTF_8)));
    }
}
