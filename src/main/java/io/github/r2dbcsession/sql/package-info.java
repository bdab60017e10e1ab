/** What a statement's author reads and catches: rows, and errors of parameters, statements and mapping. */
@NullMarked
package io.github.r2dbcsession.sql;

import org.jspecify.annotations.NullMarked;
