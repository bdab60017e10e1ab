/** What users read and catch of the pool: its figures, its events and its errors. */
@NullMarked
package io.github.r2dbcsession.pool;

import org.jspecify.annotations.NullMarked;
