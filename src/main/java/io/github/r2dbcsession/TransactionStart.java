package io.github.r2dbcsession;

import java.util.Optional;

/**
 * A transaction as listeners are told of it. Immutable.
 *
 * @param name the name in its {@link TransactionOptions}
 * @param readOnly whether it can only read
 */
public record TransactionStart(Optional<String> name, boolean readOnly) {}
