package io.github.r2dbcsession.internal.connection;

import reactor.core.publisher.Mono;

/** Where the credentials of each connect come from. Thread-safe. */
interface Logins {

    /** Emits the login to use now. Fails with {@link io.github.r2dbcsession.connection.CredentialsUnavailableException}. */
    Mono<Login> current(Deadline deadline);

    /** Emits another login after one was refused, or nothing when there is none. Fails alike. */
    Mono<Login> insteadOf(Login refused, Deadline deadline);

    /** The credentials never change. */
    static Logins fixed(Login login) {
        return new Logins() {
            @Override
            public Mono<Login> current(Deadline deadline) {
                return Mono.just(login);
            }

            @Override
            public Mono<Login> insteadOf(Login refused, Deadline deadline) {
                return Mono.empty();
            }
        };
    }
}
