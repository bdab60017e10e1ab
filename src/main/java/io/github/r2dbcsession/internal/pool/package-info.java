/** The pool: a lease for each use, and the gate a connection passes before it is lent again. Not API. */
@NullMarked
package io.github.r2dbcsession.internal.pool;

import org.jspecify.annotations.NullMarked;
