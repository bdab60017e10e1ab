package io.github.r2dbcsession.internal.pool;

import io.r2dbc.spi.Connection;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscription;
import reactor.core.CoreSubscriber;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/**
 * Asks r2dbc-pool for one connection. What comes while the asker still asks is left for it to fetch, for r2dbc-pool must not run the asker's
 * work inside its own.
 */
final class PoolRequest implements CoreSubscriber<Connection> {

    /** Who asks. */
    interface Asker {

        Context context();

        /** Whether the connection would still be of use. */
        boolean isWaiting();

        /** A connection has come; false when it has to go back. */
        boolean accept(PoolRequest request);

        /** Has an accepted connection, on a thread of the pool's. */
        void come(Pooled pooled);

        /** None will come. */
        void failed(Throwable failure);
    }

    private final Asker asker;
    private @Nullable Thread asking;
    private @Nullable Pooled found;
    private volatile @Nullable Subscription upstream;
    private volatile boolean cancelled;

    PoolRequest(Asker asker) {
        this.asker = asker;
    }

    /** Asks, and returns what there was at once; null where something may come later. */
    @Nullable
    Pooled ask(Publisher<? extends Connection> source) {
        asking = Thread.currentThread();
        source.subscribe(this);
        asking = null;
        return found;
    }

    /** Takes the question back. What has been accepted by then must not be cancelled: r2dbc-pool would take it back. */
    void cancel() {
        cancelled = true;
        Subscription subscription = upstream;
        if (subscription != null) {
            subscription.cancel();
        }
    }

    boolean isCancelled() {
        return cancelled;
    }

    @Override
    public Context currentContext() {
        return asker.context();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
        // Who cancels after this look sees the subscription.
        upstream = subscription;
        if (cancelled || !asker.isWaiting()) {
            subscription.cancel();
        } else {
            subscription.request(Long.MAX_VALUE);
        }
    }

    @Override
    public void onNext(Connection connection) {
        if (!asker.accept(this)) {
            // After a cancel it has gone back already, and somebody else may have it.
            Mono.defer(() -> Mono.from(connection.close())).onErrorComplete().subscribe();
        } else if (Thread.currentThread() == asking) {
            found = Pooled.of(connection);
        } else {
            asker.come(Pooled.of(connection));
        }
    }

    @Override
    public void onError(Throwable failure) {
        if (!cancelled) {
            asker.failed(failure);
        }
    }

    @Override
    public void onComplete() {
        // The connection came before; a pool that closes signals an error.
    }
}
