package io.github.r2dbcsession.internal.connection;

import io.r2dbc.spi.Result;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;

/**
 * The first statement of a transaction. The BEGIN goes out in the same write; ahead of a simple query, which the server would leave
 * unanswered after a BEGIN that failed, it has a round trip of its own.
 */
final class LedStatement<T> implements Conversation.Statement<T> {

    private final PhysicalConnection connection;
    private final Lead lead;
    private final Conversation.Statement<T> statement;
    private boolean carries;
    private volatile boolean ended;

    LedStatement(PhysicalConnection connection, Lead lead, Conversation.Statement<T> statement) {
        this.connection = connection;
        this.lead = lead;
        this.statement = statement;
    }

    @Override
    public Conversations.Company company() {
        return Conversations.Company.NONE;
    }

    @Override
    public boolean cursor() {
        return statement.cursor();
    }

    @Override
    public Flux<T> begin(boolean alone) {
        carries = lead.take();
        if (!carries) {
            // Another statement of the same work had it, or it was given up.
            lead.requireBegun();
            return statement.begin(alone);
        }
        lead.owner().requireOpen();
        return statement.isSimple() || connection.isCompatible() ? oneByOne(alone) : together(alone);
    }

    private Flux<T> together(boolean alone) {
        Flux<T> answer = statement.begin(alone);
        lead.on(this::letFollow, connection::kill);
        connection.interceptor().arm(lead);
        return answer;
    }

    /** One with a time limit stays alone. */
    private void letFollow() {
        if (!ended && statement.company() != Conversations.Company.NONE) {
            connection.conversations().share();
        }
    }

    private Flux<T> oneByOne(boolean alone) {
        lead.on(this::letFollow, connection::kill);
        lead.sent();
        Flux<Long> begin = new Command<>(
                connection.interceptor(), lead.preamble()::writeWithSyncTo, Flux.defer(() -> simple("BEGIN")));
        return begin.doOnError(failure -> lead.failAlone())
                .concatWith(Flux.defer(() -> connection.isCompatible() ? simple("") : Flux.empty()))
                .thenMany(Flux.defer(() -> {
                    lead.confirm(connection.inTransaction());
                    try {
                        lead.owner().requireOpen();
                        return statement.begin(alone);
                    } finally {
                        // It is the first to be sent.
                        connection.execute(lead::tellBegun);
                    }
                }));
    }

    private Flux<Long> simple(String sql) {
        return Flux.from(connection.driver().createStatement(sql).execute())
                .concatMapDelayError(Result::getRowsUpdated, 0);
    }

    @Override
    public void end(@Nullable Throwable failure) {
        ended = true;
        if (carries) {
            connection.interceptor().disarm(lead);
            lead.end(failure);
        }
    }
}
