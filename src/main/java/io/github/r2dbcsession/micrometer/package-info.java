/** Publishes a database's figures as Micrometer meters. */
@NullMarked
package io.github.r2dbcsession.micrometer;

import org.jspecify.annotations.NullMarked;
