/** The one PostgreSQL of a test run and the independent witness that watches it. */
@NullMarked
package io.github.r2dbcsession.testing;

import org.jspecify.annotations.NullMarked;
