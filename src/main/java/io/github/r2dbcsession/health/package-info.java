/** Tells how a database is doing: reachable, fast enough, and with connections to spare. */
@NullMarked
package io.github.r2dbcsession.health;

import org.jspecify.annotations.NullMarked;
