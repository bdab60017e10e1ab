package io.github.r2dbcsession;

import io.github.r2dbcsession.sql.StatementException;
import java.nio.ByteBuffer;
import java.util.regex.Pattern;
import reactor.core.publisher.Flux;

/** COPY to STDOUT. */
final class CopyOut {

    private static final Pattern STATEMENT =
            Pattern.compile("\\s*COPY\\b.*\\sTO\\s+STDOUT\\b[^;]*;?\\s*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private CopyOut() {}

    static Flux<ByteBuffer> of(StatementScope scope, String sql) {
        if (!STATEMENT.matcher(sql).matches()) {
            throw new StatementException("copyOut runs one COPY ... TO STDOUT");
        }
        return scope.run(true, lease -> {
            lease.announce((policy, suspects) -> true);
            return lease.copyOut(sql);
        });
    }
}
