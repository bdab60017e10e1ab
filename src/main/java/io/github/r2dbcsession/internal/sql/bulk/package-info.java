/** Rows on their way into a table: what of a record fills which column, the statements for many rows, and PostgreSQL's binary format. */
@NullMarked
package io.github.r2dbcsession.internal.sql.bulk;

import org.jspecify.annotations.NullMarked;
