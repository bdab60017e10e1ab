package io.github.r2dbcsession.internal.connection;

import io.netty.buffer.ByteBuf;
import io.r2dbc.spi.Result;
import java.nio.charset.StandardCharsets;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/**
 * A command without parameters and rows. It passes by the driver where nothing else is under way.
 *
 * @param wanted asked when its turn has come; otherwise nothing is sent
 * @param read reads the result where the server says more than that it is done
 */
record DriverCommand<T>(
        PhysicalConnection connection,
        String sql,
        BooleanSupplier wanted,
        Function<? super Result, ? extends Publisher<T>> read)
        implements Conversation.Statement<T> {

    @Override
    public Conversations.Company company() {
        return Conversations.Company.EARLIER;
    }

    @Override
    public Flux<T> begin(boolean alone) {
        if (!wanted.getAsBoolean()) {
            return Flux.empty();
        }
        Flux<T> driver = Flux.defer(() ->
                Flux.from(connection.driver().createStatement(sql).execute()).concatMapDelayError(read, 0));
        return alone && connection.wire().isQuiet()
                ? new Command<>(connection.interceptor(), this::writeTo, driver)
                : driver;
    }

    private void writeTo(ByteBuf bytes) {
        int start = bytes.writerIndex();
        bytes.writeByte('Q').writeInt(0);
        bytes.writeCharSequence(sql, StandardCharsets.UTF_8);
        bytes.writeByte(0);
        bytes.setInt(start + 1, bytes.writerIndex() - start - 1);
    }
}
