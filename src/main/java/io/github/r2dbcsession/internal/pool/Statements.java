package io.github.r2dbcsession.internal.pool;

import io.github.r2dbcsession.config.ResetPolicy;
import io.github.r2dbcsession.internal.connection.Binding;
import io.github.r2dbcsession.internal.connection.Lead;
import io.github.r2dbcsession.internal.connection.PhysicalConnection;
import io.github.r2dbcsession.internal.connection.StatementLimits;
import io.netty.buffer.ByteBuf;
import io.r2dbc.spi.Result;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Where work runs its statements: on a lease, or on one behind the BEGIN that goes out with the first of them. Thread-safe.
 *
 * <p>Each fails with {@link IllegalStateException} as a signal when the lease has been given back; nothing is sent then.
 */
public abstract sealed class Statements permits Lease, LedStatements {

    /** Who has the connection. */
    abstract Lease lease();

    /** What goes ahead of the first statement. */
    abstract @Nullable Lead lead();

    /** Runs one statement without limits, see {@link #converse(String, StatementLimits, Binding, Function)}. */
    public final <T> Flux<T> converse(
            String sql, Binding binding, Function<? super Result, ? extends Publisher<T>> read) {
        return converse(sql, StatementLimits.NONE, binding, read);
    }

    /** Runs one statement, see {@link PhysicalConnection#converse}. */
    public final <T> Flux<T> converse(
            String sql,
            StatementLimits limits,
            Binding binding,
            Function<? super Result, ? extends Publisher<T>> read) {
        Lease lease = lease();
        lease.says(sql);
        return lease.connection().converse(sql, limits, lease::requireAcquired, binding, read, lead());
    }

    /** Runs one command, see {@link #command(String, BooleanSupplier, Function)}. */
    public final <T> Flux<T> command(String sql, Function<? super Result, ? extends Publisher<T>> read) {
        return command(sql, () -> true, read);
    }

    /** Runs one command, see {@link PhysicalConnection#command}. */
    public final <T> Flux<T> command(
            String sql, BooleanSupplier wanted, Function<? super Result, ? extends Publisher<T>> read) {
        Lease lease = lease();
        lease.says(sql);
        return lease.connection()
                .command(
                        sql,
                        () -> {
                            lease.requireAcquired();
                            return wanted.getAsBoolean();
                        },
                        read,
                        lead());
    }

    /** Runs one COPY from STDIN, see {@link PhysicalConnection#copyIn}. */
    public final Flux<Long> copyIn(String sql, Publisher<ByteBuf> data) {
        Lease lease = lease();
        lease.says(sql);
        return lease.connection().copyIn(sql, lease::requireAcquired, data, lead());
    }

    /** Runs one COPY to STDOUT in the same way, see {@link PhysicalConnection#copyOut}. */
    public final Flux<ByteBuffer> copyOut(String sql) {
        Lease lease = lease();
        lease.says(sql);
        return lease.connection().copyOut(sql, lease::requireAcquired, lead());
    }

    /** Whether a transaction is open or has failed, as far as the server has answered, or begins with what is sent next. */
    public final boolean inTransaction() {
        return lead() != null || lease().connection().inTransaction();
    }

    /**
     * Says what statement comes next. Where something of it may remain, the session is reset before anybody else gets it.
     *
     * @param mayChangeSession judges it by the policy and by the names that are suspect, null where these are not known
     */
    public final void announce(BiPredicate<ResetPolicy, @Nullable Set<String>> mayChangeSession) {
        PhysicalConnection connection = lease().connection();
        if (!connection.isDirty() && lease().gate().mayChangeSession(mayChangeSession)) {
            connection.markDirty();
        }
    }

    /** Has the way back begin when the statement has ended that this tells of, or after 10 s. The caller does not wait. */
    public final void letFinish(Mono<Void> statement) {
        lease().finishBefore(statement);
    }

    /** Has the connection closed at the end in place of being lent again. */
    public final void closeAtEnd() {
        lease().connection().retire();
    }
}
