package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.sql.Bindings;
import io.github.r2dbcsession.internal.sql.BoundedCache;
import io.github.r2dbcsession.internal.sql.ParsedSql;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.util.context.ContextView;

/**
 * What statements and transactions are watched by, and how they are marked. Thread-safe.
 *
 * @param listeners whom to tell
 * @param comment what statements carry
 * @param texts what is known of a text
 */
record Telemetry(Listeners listeners, SqlComment comment, BoundedCache<String, QueryStart.Text> texts) {

    private static final int REMEMBERED_TEXTS = 1_024;

    static Telemetry to(Listeners listeners, SqlComment comment) {
        return new Telemetry(listeners, comment, new BoundedCache<>(REMEMBERED_TEXTS));
    }

    /** The same for what nobody is told of. */
    Telemetry quiet() {
        return to(new Listeners(), comment);
    }

    private boolean isOn() {
        return listeners.isPresent();
    }

    /** Has the listeners told of a statement; where nobody listens its answer stays as it is. */
    <T> Flux<T> watch(Flux<T> answer, ParsedSql sql, Bindings bindings, @Nullable String name, boolean counts) {
        if (!isOn()) {
            return answer;
        }
        QueryStart.Text text = texts.get(sql.text(), QueryStart.Text::new);
        return new WatchedQuery<>(answer, listeners, new QueryStart(text, name, new Plan(sql, bindings)), counts);
    }

    /** Has the listeners told of a transaction; null where nobody listens. */
    @Nullable
    WatchedTransaction watch(TransactionOptions options, ContextView around) {
        return isOn()
                ? new WatchedTransaction(listeners, new TransactionStart(options.name(), options.isReadOnly()), around)
                : null;
    }
}
