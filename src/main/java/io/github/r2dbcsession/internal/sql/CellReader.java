package io.github.r2dbcsession.internal.sql;

import org.jspecify.annotations.Nullable;

/** Reads a value from the text that the server wrote, without making a string of it. */
@FunctionalInterface
interface CellReader {

    /**
     * Returns what the driver would read; null where the driver is to read it, because the value is out of the common run.
     *
     * @param bytes begins with the text
     */
    @Nullable
    Object read(byte[] bytes, int length);
}
