package io.github.r2dbcsession.connection;

import java.security.cert.X509Certificate;
import java.time.Duration;

/** Is told of physical connections as they are made and ended. Methods are called on driver threads and must not block. */
public interface ConnectListener {

    /** A connection was made: TCP, TLS and login took so long. */
    default void onConnect(Duration duration) {}

    /** A connection was made with TLS: this is the certificate that the server showed, whether or not it was verified. */
    default void onServerCertificate(X509Certificate certificate) {}

    /** A connection could not be made, and so long was spent on it. */
    default void onConnectFailure(Throwable failure, Duration duration) {}

    /** A connection that had been made was closed, by us or by the other side. */
    default void onDisconnect() {}
}
