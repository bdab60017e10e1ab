/** The command line: what a connection string means. */
@NullMarked
package io.github.r2dbcsession.cli;

import org.jspecify.annotations.NullMarked;
