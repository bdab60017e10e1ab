/** The command line: what a connection string means, and whether it connects. */
@NullMarked
package io.github.r2dbcsession.cli;

import org.jspecify.annotations.NullMarked;
