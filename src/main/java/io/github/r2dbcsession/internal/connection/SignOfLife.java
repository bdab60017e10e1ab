package io.github.r2dbcsession.internal.connection;

/** Is told whenever a server says something in the course of a connect. Stands in the Context of the connect, under this class. */
@FunctionalInterface
public interface SignOfLife {

    /** On the event loop. */
    void heard();
}
