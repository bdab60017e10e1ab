/** Shows databases to JMX. */
@NullMarked
package io.github.r2dbcsession.jmx;

import org.jspecify.annotations.NullMarked;
