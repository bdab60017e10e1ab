package io.github.r2dbcsession.example;

import java.io.PrintStream;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/**
 * What a tour did and found.
 *
 * @param moved transfers that were confirmed
 * @param rejected transfers that asked for too much
 * @param cancelled transfers that their clients gave up; each has happened or not, never half
 * @param lines lines that the transfers left in the statements
 * @param before the money in all accounts at first
 * @param after the money in all accounts in the end
 * @param inUse connections that had not come back to the pool
 */
record TourReport(
        long moved, long rejected, long cancelled, long lines, BigDecimal before, BigDecimal after, int inUse) {

    /** Returns what is wrong, in words; empty when nothing is. */
    List<String> problems() {
        List<String> problems = new ArrayList<>();
        if (before.compareTo(after) != 0) {
            problems.add("money was made or lost");
        }
        if (lines % 2 != 0) {
            problems.add("a transfer was booked by half");
        }
        if (lines / 2 < moved || lines / 2 > moved + cancelled) {
            problems.add("the statements do not hold what was confirmed");
        }
        if (inUse > 0) {
            problems.add("connections were left in use");
        }
        if (moved == 0) {
            problems.add("no transfer came through");
        }
        return problems;
    }

    void print(PrintStream out) {
        out.printf("""
                The tour: %d transfers made, %d rejected for lack of funds, %d given up by the client (of these %d had happened)
                Statements: %d lines for %d transfers
                Money: %s before, %s after
                Connections left in use: %d
                """, moved, rejected, cancelled, lines / 2 - moved, lines, lines / 2, before, after, inUse);
    }
}
