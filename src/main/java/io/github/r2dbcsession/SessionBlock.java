package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Lease;
import java.util.function.Function;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * The inside of {@code inSession}.
 *
 * @param session what the work is given
 * @param mark puts into the Context of the work what it is in
 */
record SessionBlock(Session session, Function<Context, Context> mark) {

    static SessionBlock in(
            Transactions transactions, String database, Lease lease, ContextValues values, ContextView outside) {
        Holding outer = transactions.holding(outside);
        if (transactions.scope(outside) == null) {
            HeldSession held = new HeldSession(lease, outer);
            return new SessionBlock(
                    new DefaultSession(lease, database, transactions, outer, values, transactions.telemetry()),
                    inside -> transactions.holding(inside, held));
        }
        String name = "session on " + database;
        SessionScope scope = SessionScope.on(lease, name, outer);
        return new SessionBlock(
                new ScopedSession(scope, lease, values, new Autocommit(name), transactions),
                inside -> transactions.scope(inside, scope));
    }
}
