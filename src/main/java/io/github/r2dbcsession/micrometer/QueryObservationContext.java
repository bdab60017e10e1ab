package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.QueryEnd;
import io.github.r2dbcsession.QueryStart;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.SenderContext;
import org.jspecify.annotations.Nullable;

/** What an observation of a statement is about: a call to the server, which carries nothing on to it. Not thread-safe. */
public final class QueryObservationContext extends SenderContext<QueryStart> {

    private final Database database;
    private final QueryStart query;
    private final Operation operation;
    private @Nullable QueryEnd end;

    // In the sets they are given in, most of which all observations of an operation share.
    private KeyValues lowCardinality = KeyValues.empty();
    private KeyValues highCardinality = KeyValues.empty();

    QueryObservationContext(Database database, QueryStart query, Operation operation) {
        super((carrier, key, value) -> {}, Kind.CLIENT);
        this.database = database;
        this.query = query;
        this.operation = operation;
        setCarrier(query);
        setRemoteServiceName("postgresql");
    }

    /** The database that runs it. */
    public Database database() {
        return database;
    }

    /** What is run. */
    public QueryStart query() {
        return query;
    }

    /** How it ended, null until it has. */
    public @Nullable QueryEnd end() {
        return end;
    }

    Operation operation() {
        return operation;
    }

    void end(QueryEnd how) {
        this.end = how;
    }

    @Override
    public Observation.Context addLowCardinalityKeyValue(KeyValue added) {
        lowCardinality = lowCardinality.and(added);
        return this;
    }

    @Override
    public Observation.Context addLowCardinalityKeyValues(KeyValues added) {
        lowCardinality = lowCardinality.and(added);
        return this;
    }

    @Override
    public Observation.Context removeLowCardinalityKeyValue(String key) {
        lowCardinality = without(lowCardinality, key);
        return this;
    }

    @Override
    public KeyValues getLowCardinalityKeyValues() {
        return lowCardinality;
    }

    @Override
    public @Nullable KeyValue getLowCardinalityKeyValue(String key) {
        return find(lowCardinality, key);
    }

    @Override
    public Observation.Context addHighCardinalityKeyValue(KeyValue added) {
        highCardinality = highCardinality.and(added);
        return this;
    }

    @Override
    public Observation.Context addHighCardinalityKeyValues(KeyValues added) {
        highCardinality = highCardinality.and(added);
        return this;
    }

    @Override
    public Observation.Context removeHighCardinalityKeyValue(String key) {
        highCardinality = without(highCardinality, key);
        return this;
    }

    @Override
    public KeyValues getHighCardinalityKeyValues() {
        return highCardinality;
    }

    @Override
    public @Nullable KeyValue getHighCardinalityKeyValue(String key) {
        return find(highCardinality, key);
    }

    private static KeyValues without(KeyValues all, String key) {
        return KeyValues.of(
                all.stream().filter(each -> !each.getKey().equals(key)).toList());
    }

    private static @Nullable KeyValue find(KeyValues all, String key) {
        return all.stream()
                .filter(each -> each.getKey().equals(key))
                .findFirst()
                .orElse(null);
    }
}
