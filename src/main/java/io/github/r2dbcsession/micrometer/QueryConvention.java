package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.QueryEnd;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;

/** Names observations of statements by the semantic conventions of OpenTelemetry. */
final class QueryConvention implements ObservationConvention<QueryObservationContext> {

    static final String NAME = "r2dbc.session.query";

    @Override
    public String getName() {
        return NAME;
    }

    @Override
    public String getContextualName(QueryObservationContext context) {
        return context.query()
                .name()
                .orElseGet(() -> context.query().command() + " " + Semantics.namespace(context.database()));
    }

    @Override
    public KeyValues getLowCardinalityKeyValues(QueryObservationContext context) {
        QueryEnd end = context.end();
        return KeyValues.of(Semantics.server(context.database()))
                .and(
                        Semantics.OPERATION,
                        context.query().command(),
                        Semantics.SUMMARY,
                        context.query().operation(),
                        Semantics.STATUS_CODE,
                        end == null ? none() : end.sqlState().orElse(none()),
                        Semantics.ERROR_TYPE,
                        end == null || end.failure() == null ? none() : Semantics.errorType(end));
    }

    private static String none() {
        return KeyValue.NONE_VALUE;
    }

    @Override
    public KeyValues getHighCardinalityKeyValues(QueryObservationContext context) {
        QueryEnd end = context.end();
        KeyValues values = KeyValues.of("db.query.text", context.query().statement());
        return end == null ? values : values.and("db.response.returned_rows", Long.toString(end.rows()));
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
        return context instanceof QueryObservationContext;
    }
}
