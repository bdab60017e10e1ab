package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.connection.Preamble;
import io.github.r2dbcsession.internal.pool.Lease;
import io.r2dbc.spi.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/** The settings that one use of a connection brings along, read from its subscriber's Context before the connection is acquired. */
final class ContextValues {

    private static final ContextValues NONE = new ContextValues(List.of());

    /** Names and values in turn. */
    private final List<String> pairs;

    private ContextValues(List<String> pairs) {
        this.pairs = pairs;
    }

    /** What a use of a connection has that takes nothing from the Context. */
    static ContextValues none() {
        return NONE;
    }

    /** Reads the values, or throws {@link ContextValueException}. */
    static ContextValues of(List<ContextSetting> settings, ContextView context) {
        if (settings.isEmpty()) {
            return NONE;
        }
        List<String> pairs = new ArrayList<>();
        for (ContextSetting setting : settings) {
            String value = setting.value(context);
            if (value != null) {
                pairs.add(setting.name());
                pairs.add(value);
            }
        }
        return pairs.isEmpty() ? NONE : new ContextValues(pairs);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ContextValues values && values.pairs.equals(pairs);
    }

    @Override
    public int hashCode() {
        return pairs.hashCode();
    }

    boolean isEmpty() {
        return pairs.isEmpty();
    }

    /** Sets them for the session, which is reset afterwards, and then runs the work. */
    <T> Flux<T> ahead(Lease lease, Function<? super Lease, ? extends Flux<T>> work) {
        return isEmpty() ? work.apply(lease) : setForSession(lease).thenMany(Flux.defer(() -> work.apply(lease)));
    }

    /** Sets them until the lease ends. */
    Mono<Void> setForSession(Lease lease) {
        return Mono.defer(() -> {
            lease.announce((policy, suspects) -> true);
            return set(lease);
        });
    }

    /** Sets them behind a BEGIN, until the transaction ends. */
    Preamble after(Preamble begin) {
        return isEmpty() ? begin : begin.and(sql(true), pairs);
    }

    private Mono<Void> set(Lease lease) {
        return lease.converse(
                        sql(false),
                        statement -> {
                            for (int i = 0; i < pairs.size(); i++) {
                                statement.bind(i, pairs.get(i));
                            }
                        },
                        Result::getRowsUpdated)
                .then();
    }

    private String sql(boolean local) {
        StringJoiner sql = new StringJoiner(", ", "SELECT ", "");
        for (int i = 1; i < pairs.size(); i += 2) {
            sql.add("pg_catalog.set_config($" + i + ", $" + (i + 1) + ", " + local + ")");
        }
        return sql.toString();
    }
}
