package io.github.r2dbcsession;

import io.github.r2dbcsession.pool.PoolEvent;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;

/** Tells every listener of a database, and keeps what one of them throws away from the others and from the caller. */
final class Listeners implements DatabaseListener {

    private static final Logger log = LoggerFactory.getLogger(DatabaseListener.class);

    private final List<Registered> all = new CopyOnWriteArrayList<>();

    Disposable add(DatabaseListener listener) {
        Registered registered = new Registered(listener);
        all.add(registered);
        return () -> all.remove(registered);
    }

    @Override
    public void onConnect(Duration duration) {
        tell(listener -> listener.onConnect(duration));
    }

    @Override
    public void onConnectFailure(Throwable failure, Duration duration) {
        tell(listener -> listener.onConnectFailure(failure, duration));
    }

    @Override
    public void onDisconnect() {
        tell(DatabaseListener::onDisconnect);
    }

    @Override
    public void onAcquire(Duration wait) {
        tell(listener -> listener.onAcquire(wait));
    }

    @Override
    public void onAcquireFailure(Throwable failure, Duration wait) {
        tell(listener -> listener.onAcquireFailure(failure, wait));
    }

    @Override
    public void onAcquireCancel(Duration wait) {
        tell(listener -> listener.onAcquireCancel(wait));
    }

    @Override
    public void onRelease(Duration use) {
        tell(listener -> listener.onRelease(use));
    }

    @Override
    public void onInvalidate(Duration use) {
        tell(listener -> listener.onInvalidate(use));
    }

    @Override
    public void onEvent(PoolEvent event) {
        tell(listener -> listener.onEvent(event));
    }

    @Override
    public void onTransaction(TransactionOutcome outcome, Duration duration) {
        tell(listener -> listener.onTransaction(outcome, duration));
    }

    @Override
    public void onRetry(Throwable failure, int retry, Duration pause) {
        tell(listener -> listener.onRetry(failure, retry, pause));
    }

    @Override
    public void onRetryRefused(Throwable failure, int retry) {
        tell(listener -> listener.onRetryRefused(failure, retry));
    }

    private void tell(Consumer<DatabaseListener> event) {
        for (Registered registered : all) {
            registered.tell(event);
        }
    }

    private static final class Registered {

        private final DatabaseListener listener;
        private volatile boolean complained;

        Registered(DatabaseListener listener) {
            this.listener = listener;
        }

        void tell(Consumer<DatabaseListener> event) {
            try {
                event.accept(listener);
            } catch (RuntimeException failure) {
                if (!complained) {
                    complained = true;
                    log.warn("a database listener failed; further failures of it are not logged", failure);
                }
            }
        }
    }
}
