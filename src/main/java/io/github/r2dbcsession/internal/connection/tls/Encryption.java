package io.github.r2dbcsession.internal.connection.tls;

/** How one attempt to log in begins. */
public enum Encryption {
    /** Without TLS. */
    PLAIN,
    /** With TLS where the server has it, without where it says that it has none. */
    OFFERED,
    /** With TLS or not at all. */
    DEMANDED
}
