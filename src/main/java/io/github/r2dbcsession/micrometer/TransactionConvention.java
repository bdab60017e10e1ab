package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.TransactionEnd;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import java.util.Locale;

/** Names observations of transactions. */
final class TransactionConvention implements ObservationConvention<TransactionObservationContext> {

    static final String NAME = "r2dbc.session.transaction";

    @Override
    public String getName() {
        return NAME;
    }

    @Override
    public String getContextualName(TransactionObservationContext context) {
        return "transaction " + context.transaction().name().orElseGet(() -> Semantics.namespace(context.database()));
    }

    @Override
    public KeyValues getLowCardinalityKeyValues(TransactionObservationContext context) {
        TransactionEnd end = context.end();
        return KeyValues.of(
                "name", context.database().name(),
                "transaction", context.transaction().name().orElse(KeyValue.NONE_VALUE),
                "outcome",
                        end == null ? KeyValue.NONE_VALUE : end.outcome().name().toLowerCase(Locale.ROOT));
    }

    @Override
    public boolean supportsContext(Observation.Context context) {
        return context instanceof TransactionObservationContext;
    }
}
