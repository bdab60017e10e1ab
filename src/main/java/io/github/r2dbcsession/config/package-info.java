/** Connection strings and settings: pure values and parsing, no I/O. */
@NullMarked
package io.github.r2dbcsession.config;

import org.jspecify.annotations.NullMarked;
