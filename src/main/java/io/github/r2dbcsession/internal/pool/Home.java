package io.github.r2dbcsession.internal.pool;

import reactor.core.publisher.Mono;

/** Where a connection goes at the end of a lease. */
interface Home {

    /** Whether it is kept if nothing needs to be done on it. */
    boolean keeps();

    /** Keeps it for the next lease. The one before has ended. */
    void keep();

    /** Has done what is needed, and completes when the connection can be lent again or is closed. */
    Mono<Void> giveBack();

    /** A home where nothing is kept. */
    static Home of(Mono<Void> giveBack) {
        return new Home() {
            @Override
            public boolean keeps() {
                return false;
            }

            @Override
            public void keep() {
                throw new IllegalStateException("nothing is kept here");
            }

            @Override
            public Mono<Void> giveBack() {
                return giveBack;
            }
        };
    }
}
