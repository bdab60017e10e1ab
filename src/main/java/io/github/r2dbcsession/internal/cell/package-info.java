/** One cell of a row as the server wrote it, and how the driver hands it out. Not API. */
@NullMarked
package io.github.r2dbcsession.internal.cell;

import org.jspecify.annotations.NullMarked;
