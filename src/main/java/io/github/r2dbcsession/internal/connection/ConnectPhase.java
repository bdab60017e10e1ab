package io.github.r2dbcsession.internal.connection;

/** How far a connect has come. */
enum ConnectPhase {
    CONNECT("no TCP connection was made"),
    TLS("the TCP connection was made, but the server did not answer the TLS negotiation"),
    LOGIN("the TCP connection was made, but the server did not finish the login");

    private final String stuckAt;

    ConnectPhase(String stuckAt) {
        this.stuckAt = stuckAt;
    }

    /** Says where a connect that ran out of time was. */
    String stuckAt() {
        return stuckAt;
    }
}
