package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.DatabaseListener;
import io.github.r2dbcsession.QueryEnd;
import io.github.r2dbcsession.QueryOutcome;
import io.github.r2dbcsession.QueryStart;
import io.github.r2dbcsession.TransactionEnd;
import io.github.r2dbcsession.TransactionStart;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Observes each statement and each transaction of a {@link Database} with Micrometer's Observation API, so that tracing works. Thread-safe.
 *
 * <p>The observation around is the one in the subscriber's Reactor Context, where Reactor and Spring keep it. Work inside a transaction has
 * the transaction's observation in its Context, so statements are children of their transaction. They are called
 * {@code r2dbc.session.query} and {@code r2dbc.session.transaction}; a {@code GlobalObservationConvention} for
 * {@link QueryObservationContext} or {@link TransactionObservationContext} names them otherwise. No value that was bound is in any of them.
 */
public final class DatabaseObservations implements AutoCloseable {

    /** Where Micrometer's own instrumentation of Reactor keeps the current observation. */
    private static final String KEY = ObservationThreadLocalAccessor.KEY;

    private final Disposable listening;

    private DatabaseObservations(Disposable listening) {
        this.listening = listening;
    }

    /** Observes a database until {@link #close}. */
    public static DatabaseObservations of(Database database, ObservationRegistry registry) {
        Objects.requireNonNull(database, "database");
        Objects.requireNonNull(registry, "registry");
        return new DatabaseObservations(database.listen(new Observer(database, registry)));
    }

    /** Stops observing. Safe to call twice. */
    @Override
    public void close() {
        listening.dispose();
    }

    private static final class Observer implements DatabaseListener {

        /** Statements of one name, by command. */
        private record Summary(String name, Map<String, Operation> commands) {}

        private static final ObservationConvention<QueryObservationContext> QUERIES = new QueryConvention();
        private static final ObservationConvention<TransactionObservationContext> TRANSACTIONS =
                new TransactionConvention();

        private final Database database;
        private final ObservationRegistry registry;
        private final PerName<Summary> summaries =
                new PerName<>("OTHER", name -> new Summary(name, new ConcurrentHashMap<>()));

        Observer(Database database, ObservationRegistry registry) {
            this.database = database;
            this.registry = registry;
        }

        @Override
        public Context onQueryStart(QueryStart query, ContextView around) {
            return started(QUERIES, () -> new QueryObservationContext(database, query, operation(query)), around);
        }

        private Operation operation(QueryStart query) {
            Summary summary = summaries.of(query.operation());
            Operation known = summary.commands.get(query.command());
            return known == null
                    ? summary.commands.computeIfAbsent(
                            query.command(), command -> Operation.of(database, command, summary.name))
                    : known;
        }

        @Override
        public void onQuery(QueryEnd end) {
            Observation observation = observation(end.context(), this);
            if (observation != null && observation.getContext() instanceof QueryObservationContext context) {
                context.end(end);
                Throwable failure = end.failure();
                if (failure != null) {
                    observation.error(failure);
                } else if (end.outcome() == QueryOutcome.CANCELLED) {
                    observation.event(Observation.Event.of("cancelled"));
                }
                observation.stop();
            }
        }

        @Override
        public Context onTransactionStart(TransactionStart transaction, ContextView around) {
            return started(TRANSACTIONS, () -> new TransactionObservationContext(database, transaction), around);
        }

        @Override
        public void onTransaction(TransactionEnd end) {
            Observation observation = observation(end.context(), this);
            if (observation != null && observation.getContext() instanceof TransactionObservationContext context) {
                context.end(end);
                observation.stop();
            }
        }

        private <C extends Observation.Context> Context started(
                ObservationConvention<C> convention, Supplier<C> context, ContextView around) {
            Observation observation = Observation.createNotStarted(null, convention, context, registry);
            if (observation.isNoop()) {
                // What is inside has the parent that is around.
                return Context.empty();
            }
            Observation parent = observation(around, KEY);
            if (parent != null) {
                observation.parentObservation(parent);
            }
            // Under a key of its own, too: another observer may put another observation over it.
            return Context.of(KEY, observation.start(), this, observation);
        }

        private static @Nullable Observation observation(ContextView context, Object key) {
            return context.getOrDefault(key, null);
        }
    }
}
