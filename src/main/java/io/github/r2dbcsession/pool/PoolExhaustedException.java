package io.github.r2dbcsession.pool;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Every connection that the pool may have was in use until the limit passed: the application holds them, the server is not to blame.
 * Nothing was sent, so trying again later is safe.
 */
public final class PoolExhaustedException extends AcquireTimeoutException {

    private static final long serialVersionUID = 1;

    private static final int NAMED = 2;
    private static final int LONGEST_PLACE = 90;

    private final transient List<Holder> holders;

    /** Made by the library. */
    public PoolExhaustedException(PoolStats stats, Duration limit, List<Holder> holders) {
        super(message(stats, limit, holders), stats, limit, null);
        this.holders = List.copyOf(holders);
    }

    /** Who had the connections when the limit passed; those who held longest first. */
    public List<Holder> holders() {
        return holders;
    }

    private static String message(PoolStats stats, Duration limit, List<Holder> holders) {
        String longest = holders.stream()
                .limit(NAMED)
                .map(holder -> holder.held().toMillis() + " ms by " + end(holder.acquiredAt()))
                .collect(Collectors.joining(", "));
        boolean atWork = holders.isEmpty() || holders.stream().anyMatch(Holder::busy);
        return figures(stats, limit) + "every connection is in use"
                + (longest.isEmpty() ? "" : ", longest for " + longest)
                + (atWork ? ": " : ", none with a statement under way: let no work that has one ask for another, ")
                + "shorten the work done on each, or raise maxSize";
    }

    /** The end of a place tells more than its beginning. */
    private static String end(String place) {
        return place.length() <= LONGEST_PLACE ? place : "…" + place.substring(place.length() - LONGEST_PLACE);
    }
}
