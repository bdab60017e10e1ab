/** Databases, sessions, transactions and queries: what an application holds and calls. */
@NullMarked
package io.github.r2dbcsession;

import org.jspecify.annotations.NullMarked;
