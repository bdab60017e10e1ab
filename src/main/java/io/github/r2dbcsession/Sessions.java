package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.CallSite;
import io.github.r2dbcsession.internal.pool.Lease;
import io.github.r2dbcsession.internal.pool.LeasePool;
import java.util.function.Function;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Opens the sessions of one database: as blocks, as handles, shared by all that is inside, and for work of the library itself. */
final class Sessions {

    private final String database;
    private final LeasePool pool;
    private final Transactions transactions;
    private final Telemetry telemetry;
    private final Telemetry unheard;

    Sessions(String database, LeasePool pool, Transactions transactions, Telemetry telemetry) {
        this.database = database;
        this.pool = pool;
        this.transactions = transactions;
        this.telemetry = telemetry;
        this.unheard = telemetry.quiet();
    }

    <T> Mono<T> one(CallSite callSite, Function<? super Session, ? extends Mono<T>> work) {
        return Mono.deferContextual(context -> {
            OpenTransaction open = transactions.open(context);
            if (open != null) {
                return work.apply(new JoinedSession(open));
            }
            ContextValues values = transactions.values(context);
            return Mono.fromDirect(Lease.use(transactions.acquire(context, callSite), lease -> {
                SessionBlock block = SessionBlock.in(transactions, database, lease, values, context);
                return work.apply(block.session()).contextWrite(block.mark());
            }));
        });
    }

    <T> Flux<T> many(CallSite callSite, Function<? super Session, ? extends Publisher<T>> work) {
        return Flux.deferContextual(context -> {
            OpenTransaction open = transactions.open(context);
            if (open != null) {
                return work.apply(new JoinedSession(open));
            }
            ContextValues values = transactions.values(context);
            return Lease.use(transactions.acquire(context, callSite), lease -> {
                SessionBlock block = SessionBlock.in(transactions, database, lease, values, context);
                return Flux.<T>from(work.apply(block.session())).contextWrite(block.mark());
            });
        });
    }

    Mono<Session> handle(CallSite callSite) {
        return Mono.deferContextual(context -> {
            ContextValues values = transactions.values(context);
            return transactions
                    .acquireOwn(context, callSite)
                    .map(lease -> new DefaultSession(
                            lease, database, transactions, transactions.holding(context), values, telemetry));
        });
    }

    /** On a connection beside the pool. */
    Mono<Session> dedicated() {
        return pool.dedicated().map(this::unheard);
    }

    /** Acquires a connection for work of the library itself, which belongs to no caller's Context. */
    <T> Mono<T> own(Function<? super Session, ? extends Mono<T>> work) {
        return Mono.usingWhen(ownLease(), lease -> work.apply(unheard(lease)), Lease::release);
    }

    Mono<Lease> ownLease() {
        return pool.acquire();
    }

    private Session unheard(Lease lease) {
        return new DefaultSession(lease, database, transactions, null, ContextValues.none(), unheard);
    }

    <T> Mono<T> scope(Mono<T> work) {
        return Mono.deferContextual(context -> transactions.isShared(context)
                ? work
                : Mono.usingWhen(
                        Mono.fromSupplier(() -> transactions.newScope(context)),
                        scope -> work.contextWrite(inside -> transactions.scope(inside, scope)),
                        SessionScope::close));
    }

    <T> Flux<T> scope(Flux<T> work) {
        return Flux.deferContextual(context -> transactions.isShared(context)
                ? work
                : Flux.usingWhen(
                        Mono.fromSupplier(() -> transactions.newScope(context)),
                        scope -> work.contextWrite(inside -> transactions.scope(inside, scope)),
                        SessionScope::close));
    }
}
