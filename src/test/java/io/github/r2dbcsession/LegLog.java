package io.github.r2dbcsession;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads in the server's own log which legs were carried out in which transaction. A leg is astray outside a transaction, in one that
 * works for another operation, and in one that is not its operation's first: something was sent after the end.
 *
 * <p>The log needs {@code log_statement = all} and {@value #PREFIX} before each line.
 */
final class LegLog {

    static final String PREFIX = "%m [%p] x=%x ";

    private static final Pattern LINE = Pattern.compile("\\[(\\d+)] x=\\d+ (LOG|DETAIL): {2}(.*)");
    private static final Pattern STATEMENT = Pattern.compile("(?:statement|execute [^:]*): (.*)");
    private static final Pattern OPERATION = Pattern.compile("\\$3 = '(\\d+)'");

    private final Map<String, Backend> backends = new HashMap<>();
    private final Set<String> seen = new HashSet<>();
    private long legs;
    private long astray;

    private LegLog() {}

    static LegLog read(Stream<String> lines) {
        LegLog log = new LegLog();
        lines.forEach(log::line);
        return log;
    }

    long legs() {
        return legs;
    }

    long astray() {
        return astray;
    }

    /** One server process: its transaction, and whose leg that carries. */
    private static final class Backend {
        private boolean inTransaction;
        private boolean legFollows;
        private String operation = "";
    }

    private void line(String line) {
        Matcher matcher = LINE.matcher(line);
        if (!matcher.find()) {
            return;
        }
        Backend backend = backends.computeIfAbsent(matcher.group(1), pid -> new Backend());
        String text = matcher.group(3);
        Matcher statement = STATEMENT.matcher(text);
        if (matcher.group(2).equals("LOG") && statement.matches()) {
            statement(backend, statement.group(1));
        } else if (backend.legFollows) {
            backend.legFollows = false;
            Matcher operation = OPERATION.matcher(text);
            if (operation.find()) {
                leg(backend, operation.group(1));
            }
        }
    }

    private static void statement(Backend backend, String sql) {
        if (sql.startsWith("BEGIN")) {
            backend.inTransaction = true;
            backend.operation = "";
        } else if (sql.equals("COMMIT") || sql.equals("ROLLBACK") || sql.startsWith("ROLLBACK;")) {
            backend.inTransaction = false;
        }
        backend.legFollows = sql.equals(Transfer.LEG);
    }

    private void leg(Backend backend, String operation) {
        legs++;
        boolean first = backend.operation.isEmpty();
        if (!backend.inTransaction || (first ? !seen.add(operation) : !backend.operation.equals(operation))) {
            astray++;
        }
        backend.operation = operation;
    }
}
