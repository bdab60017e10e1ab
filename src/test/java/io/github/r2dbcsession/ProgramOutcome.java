package io.github.r2dbcsession;

import java.util.List;
import java.util.Set;

/**
 * All that a program leaves behind; predicted and observed are compared as a whole.
 *
 * @param end {@code complete}, or what the caller gets instead
 * @param rows the rows that are there afterwards
 * @param control what was sent to begin, nest and end transactions, sorted
 * @param acquires how many connections were acquired
 * @param outcomes what the listener was told, sorted
 */
record ProgramOutcome(
        String end, Set<Integer> rows, List<String> control, int acquires, List<TransactionOutcome> outcomes) {

    static final String COMPLETE = "complete";
}
