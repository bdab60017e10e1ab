package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.QueryEnd;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;

/** Names observations of statements by the semantic conventions of OpenTelemetry. */
final class QueryConvention implements ObservationConvention<QueryObservationContext> {

    static final String NAME = "r2dbc.session.query";

    private static final KeyValues ONE_ROW = rows(1);

    @Override
    public String getName() {
        return NAME;
    }

    @Override
    public String getContextualName(QueryObservationContext context) {
        return context.query().name().orElse(context.operation().unnamed());
    }

    /** What is known at the start; at the end what a failure adds, for an observation keeps what it was given. */
    @Override
    public KeyValues getLowCardinalityKeyValues(QueryObservationContext context) {
        QueryEnd end = context.end();
        if (end == null) {
            return context.operation().keys();
        }
        return end.failure() == null
                ? KeyValues.empty()
                : KeyValues.of(
                        Semantics.STATUS_CODE, end.sqlState().orElse(KeyValue.NONE_VALUE),
                        Semantics.ERROR_TYPE, Semantics.errorType(end));
    }

    /** The text at the start, the rows at the end. */
    @Override
    public KeyValues getHighCardinalityKeyValues(QueryObservationContext context) {
        QueryEnd end = context.end();
        if (end == null) {
            return KeyValues.of("db.query.text", context.query().statement());
        }
        return end.rows() == 1 ? ONE_ROW : rows(end.rows());
    }

    private static KeyValues rows(long count) {
        return KeyValues.of("db.response.returned_rows", Long.toString(count));
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
        return context instanceof QueryObservationContext;
    }
}
