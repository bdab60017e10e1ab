/** Serves health over HTTP on Reactor Netty; needs reactor-netty-http and jackson-databind. */
@NullMarked
package io.github.r2dbcsession.http;

import org.jspecify.annotations.NullMarked;
