/** A small ledger over HTTP: the library in use. */
@NullMarked
package io.github.r2dbcsession.example;

import org.jspecify.annotations.NullMarked;
