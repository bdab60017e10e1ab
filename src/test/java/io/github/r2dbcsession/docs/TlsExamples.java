package io.github.r2dbcsession.docs;

import io.github.r2dbcsession.Database;
import reactor.core.publisher.Mono;

/** The code of the how-to pages on TLS, compiled. */
final class TlsExamples {

    Mono<String> privateAuthority() {
        Database db =
                Database.of("postgresql://app@db.example.com/shop?sslmode=verify-full&sslrootcert=/etc/shop/ca.crt");
        Mono<String> version = db.sql("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                .as(String.class)
                .one();
        return version;
    }

    Mono<String> clientCertificate() {
        Database db =
                Database.of("postgresql://app@db.example.com/shop?sslmode=verify-full&sslrootcert=/etc/shop/ca.crt"
                        + "&sslcert=/etc/shop/app.crt&sslkey=/etc/shop/app.key");
        Mono<String> client = db.sql("SELECT client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
                .as(String.class)
                .one();
        return client;
    }
}
