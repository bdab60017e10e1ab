/** The mechanism between a query and the driver: statement lexer, parameters, row mapping; knows no pool and no connection. */
@NullMarked
package io.github.r2dbcsession.internal.sql;

import org.jspecify.annotations.NullMarked;
