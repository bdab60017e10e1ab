package io.github.r2dbcsession.micrometer;

import io.github.r2dbcsession.Database;
import io.micrometer.common.KeyValue;
import io.micrometer.common.KeyValues;

/**
 * What observations of all statements have in common that run the same command under the same name. Immutable.
 *
 * @param keys what they have that do not fail
 * @param unnamed what they are called for people that have no name of their own
 */
record Operation(KeyValues keys, String unnamed) {

    static Operation of(Database database, String command, String summary) {
        return new Operation(
                KeyValues.of(Semantics.server(database))
                        .and(
                                Semantics.OPERATION,
                                command,
                                Semantics.SUMMARY,
                                summary,
                                Semantics.STATUS_CODE,
                                KeyValue.NONE_VALUE,
                                Semantics.ERROR_TYPE,
                                KeyValue.NONE_VALUE),
                command + " " + Semantics.namespace(database));
    }
}
