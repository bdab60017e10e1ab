/** What TLS takes: the files that a connection string names, and the judgement of a server's certificate. Nothing here has a channel. */
@NullMarked
package io.github.r2dbcsession.internal.connection.tls;

import org.jspecify.annotations.NullMarked;
