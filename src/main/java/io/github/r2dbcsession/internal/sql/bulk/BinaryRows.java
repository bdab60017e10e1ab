package io.github.r2dbcsession.internal.sql.bulk;

import io.github.r2dbcsession.sql.StatementException;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Writes records in the format of {@code COPY ... (FORMAT binary)} (PostgreSQL documentation, COPY). */
public final class BinaryRows {

    private static final byte[] SIGNATURE = "PGCOPY\n\377\r\n\0".getBytes(StandardCharsets.ISO_8859_1);
    private static final int PIECE = 65_536;
    private static final int NULL = -1;

    private final RecordPart[] parts;
    private final BinaryField[] fields;

    /**
     * Finds how each component is written.
     *
     * @throws StatementException when there is no such way for one
     */
    public BinaryRows(RowTarget target) {
        this.parts = target.fills().stream().map(RowTarget.Fill::part).toArray(RecordPart[]::new);
        this.fields = target.fills().stream()
                .map(fill -> BinaryField.of(fill.part(), fill.column()))
                .toArray(BinaryField[]::new);
    }

    /** Writes rows in pieces of 64 kB or little more, one for each that is asked for. */
    public Flux<ByteBuf> encode(Publisher<?> rows, LongConsumer progress) {
        return Flux.defer(() -> new Writer(progress).pieces(rows));
    }

    /** What one subscription has written. */
    private final class Writer {

        private final LongConsumer progress;
        private final RowBuffer out = new RowBuffer(PIECE + PIECE / 8);
        private long count;

        Writer(LongConsumer progress) {
            this.progress = progress;
        }

        Flux<ByteBuf> pieces(Publisher<?> rows) {
            out.putBytes(SIGNATURE);
            out.putInt(0);
            out.putInt(0);
            return Flux.from(rows)
                    .<ByteBuf>handle((row, sink) -> {
                        write(row);
                        if (out.size() >= PIECE) {
                            sink.next(take());
                        }
                    })
                    .concatWith(Mono.fromSupplier(() -> {
                        out.putShort(NULL);
                        return take();
                    }));
        }

        private ByteBuf take() {
            progress.accept(count);
            return out.take();
        }

        private void write(Object row) {
            count++;
            out.putShort(fields.length);
            for (int i = 0; i < fields.length; i++) {
                @Nullable Object value = parts[i].of(row);
                if (value == null) {
                    out.putInt(NULL);
                } else {
                    field(i, value);
                }
            }
        }

        private void field(int i, Object value) {
            try {
                fields[i].write(out, value);
            } catch (ArithmeticException misfit) {
                throw new StatementException("row " + count + ": component " + parts[i].name()
                        + " has a value that its column's type cannot hold");
            }
        }
    }
}
