package io.github.r2dbcsession.testing;

/** How a connection through a {@link ProtocolProxy} goes bad. Nothing passes it any more in either direction. */
public enum Fault {
    /** The client gets a TCP reset. */
    RESET,
    /** The client gets the end of the stream, and may go on sending. */
    HALF_CLOSE,
    /** The client gets nothing, not even the end. */
    BLACK_HOLE
}
