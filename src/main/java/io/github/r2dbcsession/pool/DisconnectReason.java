package io.github.r2dbcsession.pool;

/** Why a connection of a pool was closed. */
public enum DisconnectReason {
    /** The other side closed it, or the network did. */
    LOST,
    /** It came back in a state in which nobody could be given it, or served one use where there is no pooling. */
    NOT_REUSABLE,
    /** It was older than {@code maxLifeTime}. */
    LIFE_TIME,
    /** It lay idle for too long, or was more than is kept. */
    IDLE,
    /** The credentials it was made with have been replaced, or its server has changed its role. */
    RETIRED,
    /** Those of its age were evicted, or one of them had been found dead. */
    EVICTED,
    /** The pool was made smaller. */
    RESIZED,
    /** The database was closed. */
    CLOSED
}
