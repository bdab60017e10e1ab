package io.github.r2dbcsession;

import io.github.r2dbcsession.Program.Caught;
import io.github.r2dbcsession.Program.Ending;
import io.github.r2dbcsession.Program.Fail;
import io.github.r2dbcsession.Program.Options;
import io.github.r2dbcsession.Program.Parallel;
import io.github.r2dbcsession.Program.Rethrown;
import io.github.r2dbcsession.Program.Scope;
import io.github.r2dbcsession.Program.Sequence;
import io.github.r2dbcsession.Program.Write;
import io.github.r2dbcsession.Program.WrongWrite;
import io.r2dbc.spi.R2dbcException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** Runs programs on a database. */
final class ProgramRun {

    private static final String INSERT = "INSERT INTO step (program, row) VALUES ($1, $2)";

    private final Database db;
    private final int program;

    ProgramRun(Database db, int program) {
        this.db = db;
        this.program = program;
    }

    /** What user code throws. */
    static final class UserFailure extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** What user code makes of an error. */
    static final class Rethrow extends RuntimeException {
        private static final long serialVersionUID = 1;

        Rethrow(Throwable cause) {
            super(cause);
        }
    }

    /** Emits how the program ended. */
    Mono<String> run(Program whole) {
        return step(whole, List.of())
                .thenReturn(ProgramOutcome.COMPLETE)
                .onErrorResume(failure -> Mono.just(name(failure)));
    }

    private static String name(Throwable failure) {
        if (failure instanceof UserFailure) {
            return ProgramModel.USER;
        }
        if (failure instanceof Rethrow) {
            return "rethrown " + name(failure.getCause());
        }
        boolean server = failure.getClass().getName().startsWith("io.r2dbc.postgresql");
        return server && failure instanceof R2dbcException r2dbc
                ? String.valueOf(r2dbc.getSqlState())
                : failure.getClass().getSimpleName();
    }

    private Mono<Long> step(Program step, List<SqlClient> handles) {
        if (step instanceof Write write) {
            return insert(handles, write.via(), program, write.row());
        }
        if (step instanceof WrongWrite write) {
            return insert(handles, write.via(), 0, 0);
        }
        if (step instanceof Fail) {
            return Mono.error(UserFailure::new);
        }
        if (step instanceof Caught caught) {
            return step(caught.body(), handles).onErrorReturn(0L);
        }
        if (step instanceof Rethrown rethrown) {
            return step(rethrown.body(), handles).onErrorMap(Rethrow::new);
        }
        if (step instanceof Sequence sequence) {
            return Flux.fromIterable(sequence.steps())
                    .concatMap(each -> step(each, handles))
                    .then(Mono.just(1L));
        }
        if (step instanceof Parallel parallel) {
            return parallel(parallel, handles);
        }
        return scope((Scope) step, handles);
    }

    private Mono<Long> insert(List<SqlClient> handles, int via, int inserted, int row) {
        SqlClient client = via == Program.DATABASE || via >= handles.size() ? db : handles.get(via);
        return client.sql(INSERT).bind(1, inserted).bind(2, row).rowsUpdated();
    }

    private Mono<Long> parallel(Parallel parallel, List<SqlClient> handles) {
        List<Mono<Long>> writes =
                parallel.writes().stream().map(write -> step(write, handles)).toList();
        return switch (parallel.how()) {
            case ZIP -> Mono.zip(writes, counts -> (long) counts.length);
            case MERGE -> Flux.merge(writes).count();
            case FLAT_MAP -> Flux.fromIterable(writes).flatMap(write -> write).count();
        };
    }

    private Mono<Long> scope(Scope scope, List<SqlClient> handles) {
        Sinks.Empty<Long> cancel = Sinks.empty();
        @Nullable TransactionOptions options = options(scope.options());
        Mono<Long> block = switch (scope.form()) {
            case MONO ->
                options == null
                        ? db.inTransaction(tx -> body(scope, tx, handles, cancel))
                        : db.inTransaction(options, tx -> body(scope, tx, handles, cancel));
            case FLUX -> many(scope, options, handles);
            case MONO_OPERATOR -> body(scope, db, handles, cancel).as(db::transactional);
            case FLUX_OPERATOR ->
                elements(body(scope, db, handles)).as(db::transactional).as(flux -> last(scope, flux));
            case UNIT ->
                options == null
                        ? db.inUnitOfWork(unit -> body(scope, unit, handles, cancel))
                        : db.inUnitOfWork(options, unit -> body(scope, unit, handles, cancel));
        };
        return Mono.firstWithSignal(block, cancel.asMono().thenReturn(0L));
    }

    private Mono<Long> many(Scope scope, @Nullable TransactionOptions options, List<SqlClient> handles) {
        Flux<Long> block = options == null
                ? db.inTransactionMany(tx -> elements(body(scope, tx, handles)))
                : db.inTransactionMany(options, tx -> elements(body(scope, tx, handles)));
        return last(scope, block);
    }

    private static Flux<Long> elements(Mono<Long> body) {
        return body.flatMapMany(done -> Flux.just(1L, 2L, 3L));
    }

    private static Mono<Long> last(Scope scope, Flux<Long> block) {
        return scope.ending() == Ending.CANCEL ? block.take(1).single() : block.last();
    }

    /** The body of a block of one element, which never ends when it is to be cancelled. */
    private Mono<Long> body(Scope scope, SqlClient handle, List<SqlClient> handles, Sinks.Empty<Long> cancel) {
        Mono<Long> body = body(scope, handle, handles);
        return scope.ending() == Ending.CANCEL
                ? body.then(Mono.<Long>never().doOnSubscribe(reached -> cancel.tryEmitEmpty()))
                : body;
    }

    private Mono<Long> body(Scope scope, SqlClient handle, List<SqlClient> handles) {
        List<SqlClient> inner = new ArrayList<>();
        inner.add(handle);
        inner.addAll(handles);
        Mono<Long> body = step(scope.body(), inner);
        return switch (scope.ending()) {
            case MARK -> body.doOnSuccess(done -> ((Transaction) handle).markRollbackOnly());
            case COMMIT -> body.then(Mono.defer(((UnitOfWork) handle)::commit)).thenReturn(1L);
            case COMPLETE, CANCEL -> body;
        };
    }

    private static @Nullable TransactionOptions options(@Nullable Options asked) {
        if (asked == null) {
            return null;
        }
        TransactionOptions options = asked.isolation() == null
                ? TransactionOptions.defaults()
                : switch (asked.isolation()) {
                    case 0 -> TransactionOptions.readUncommitted();
                    case 1 -> TransactionOptions.readCommitted();
                    case 2 -> TransactionOptions.repeatableRead();
                    default -> TransactionOptions.serializable();
                };
        options = options.propagation(asked.propagation());
        options = asked.readOnly() ? options.readOnly() : options;
        return asked.lenient() ? options.noRollbackOn(UserFailure.class::isInstance) : options;
    }
}
