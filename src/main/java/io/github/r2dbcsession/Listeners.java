package io.github.r2dbcsession;

import io.github.r2dbcsession.internal.pool.Audience;
import io.github.r2dbcsession.pool.PoolEvent;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Disposable;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/** Tells every listener of a database, and keeps what one of them throws away from the others and from the caller. */
final class Listeners implements DatabaseListener, Audience {

    private static final Logger log = LoggerFactory.getLogger(DatabaseListener.class);

    private final List<Registered> all = new CopyOnWriteArrayList<>();

    Disposable add(DatabaseListener listener) {
        Registered registered = new Registered(listener);
        all.add(registered);
        return () -> all.remove(registered);
    }

    @Override
    public boolean isPresent() {
        return !all.isEmpty();
    }

    @Override
    public void onConnect(Duration duration) {
        tell(listener -> listener.onConnect(duration));
    }

    @Override
    public void onServerCertificate(X509Certificate certificate) {
        tell(listener -> listener.onServerCertificate(certificate));
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
    public void onRecover(Duration duration) {
        tell(listener -> listener.onRecover(duration));
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
    public Context onQueryStart(QueryStart query, ContextView around) {
        return ask(listener -> listener.onQueryStart(query, around));
    }

    @Override
    public void onQuery(QueryEnd end) {
        tell(listener -> listener.onQuery(end));
    }

    @Override
    public Context onTransactionStart(TransactionStart transaction, ContextView around) {
        return ask(listener -> listener.onTransactionStart(transaction, around));
    }

    @Override
    public void onTransaction(TransactionEnd end) {
        tell(listener -> listener.onTransaction(end));
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

    /** Puts together what the listeners add. */
    private Context ask(Function<DatabaseListener, Context> question) {
        Context answers = Context.empty();
        for (Registered registered : all) {
            Context answer = registered.ask(question);
            answers = answers.isEmpty() ? answer : answers.putAll(answer.readOnly());
        }
        return answers;
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
            } catch (Throwable failure) {
                complain(failure);
            }
        }

        Context ask(Function<DatabaseListener, Context> question) {
            try {
                return Objects.requireNonNull(question.apply(listener), "what to add to the Context");
            } catch (Throwable failure) {
                complain(failure);
                return Context.empty();
            }
        }

        private void complain(Throwable failure) {
            if (failure instanceof VirtualMachineError fatal) {
                throw fatal;
            }
            if (!complained) {
                complained = true;
                log.warn("a database listener failed; further failures of it are not logged", failure);
            }
        }
    }
}
