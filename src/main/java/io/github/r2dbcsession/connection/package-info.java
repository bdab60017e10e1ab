/** What users read and catch of physical connections: their events and why one could not be made. */
@NullMarked
package io.github.r2dbcsession.connection;

import org.jspecify.annotations.NullMarked;
