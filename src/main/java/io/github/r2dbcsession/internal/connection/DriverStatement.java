package io.github.r2dbcsession.internal.connection;

import io.r2dbc.spi.Result;
import io.r2dbc.spi.Statement;
import java.time.Duration;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

/**
 * A statement that the driver runs.
 *
 * @param first runs ahead of it; nothing has been sent before it returns
 * @param read reads one result
 */
record DriverStatement<T>(
        PhysicalConnection connection,
        String sql,
        StatementLimits limits,
        Runnable first,
        Binding binding,
        Function<? super Result, ? extends Publisher<T>> read)
        implements Conversation.Statement<T> {

    @Override
    public Conversations.Company company() {
        return limits.time() == null ? Conversations.Company.ANY : Conversations.Company.NONE;
    }

    @Override
    public boolean cursor() {
        return limits.cursor();
    }

    @Override
    public boolean isSimple() {
        return binding.isEmpty() && !limits.cursor();
    }

    @Override
    public Flux<T> begin(boolean alone) {
        first.run();
        Statement statement = connection.driver().createStatement(sql);
        if (limits.cursor()) {
            statement.fetchSize(limits.rowsAtATime());
        }
        binding.bindTo(statement);
        Flux<T> answer = Flux.from(statement.execute()).concatMapDelayError(read, 0);
        Flux<T> rows = limits.cursor()
                ? new CursorAnswer<>(answer, connection.channel().eventLoop(), connection.wire())
                : answer;
        Duration time = limits.time();
        return time == null ? rows : new LimitedAnswer<>(rows, limits, time, connection);
    }
}
