package io.github.r2dbcsession.internal.connection;

import io.github.r2dbcsession.config.ServerRole;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * Finds out whether a server has the role that is wanted, as libpq does with servers of every age: by one query. The parameters that
 * newer servers report could spare it, but a pooler in between may report those of another server.
 */
final class RoleCheck {

    private static final String WRITABLE = "SHOW transaction_read_only";
    private static final String RECOVERY = "SELECT pg_catalog.pg_is_in_recovery()::pg_catalog.text";

    private RoleCheck() {}

    /** Emits what the server is instead, or nothing when it has the role. */
    static Mono<String> mismatch(PhysicalConnection connection, ServerRole wanted) {
        return switch (wanted) {
            case ANY -> Mono.empty();
            case READ_WRITE -> mismatch(connection, WRITABLE, "off", "is read-only");
            case READ_ONLY -> mismatch(connection, WRITABLE, "on", "is writable");
            case PRIMARY -> mismatch(connection, RECOVERY, "false", "is a standby");
            case STANDBY, PREFER_STANDBY -> mismatch(connection, RECOVERY, "true", "is no standby");
        };
    }

    private static Mono<String> mismatch(PhysicalConnection connection, String sql, String right, String otherwise) {
        return connection
                .converse(sql, statement -> {}, result -> result.map(RoleCheck::text))
                .last()
                .filter(answer -> !answer.equals(right))
                .map(answer -> otherwise);
    }

    private static String text(io.r2dbc.spi.Readable row) {
        @Nullable String text = row.get(0, String.class);
        return Objects.requireNonNullElse(text, "");
    }
}
