/** One physical connection: how it is made within its deadline, what it is doing, and how it is ended. Not API. */
@NullMarked
package io.github.r2dbcsession.internal.connection;

import org.jspecify.annotations.NullMarked;
