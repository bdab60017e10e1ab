package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.pool.PoolListener;

/** Whom a pool tells what happens. What costs something to tell is told only while somebody listens. */
public interface Audience extends PoolListener {

    /** Nobody, ever. */
    Audience NOBODY = new Audience() {
        @Override
        public boolean isPresent() {
            return false;
        }
    };

    /** Whether somebody listens now. */
    default boolean isPresent() {
        return true;
    }
}
