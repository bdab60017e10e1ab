package io.github.r2dbcsession.example;

import io.github.r2dbcsession.Database;
import io.github.r2dbcsession.pool.PoolStats;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.stream.Collectors;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A small load on a running ledger, through its own addresses: accounts are opened, and clients move money between them, ask for more
 * than there is, and hang up in the middle. Then the books are checked.
 */
final class Tour {

    private static final int ACCOUNTS = 4;
    private static final int CLIENTS = 8;
    private static final BigDecimal OPENING = new BigDecimal("1000.00");
    private static final BigDecimal TOO_MUCH = new BigDecimal("1000000.00");
    private static final Duration PAUSE = Duration.ofMillis(10);
    private static final Duration QUIET_POLL = Duration.ofMillis(20);
    private static final int QUIET_POLLS = 250;

    private final LedgerClient client;
    private final Database database;

    /**
     * Prepares a tour.
     *
     * @param address where the ledger listens
     * @param database the one behind it, whose pool is looked at in the end
     */
    Tour(String address, Database database) {
        this.client = new LedgerClient(address);
        this.database = database;
    }

    private enum Outcome {
        MOVED,
        REJECTED,
        CANCELLED
    }

    /** Puts on the load for so long, checks the books and emits what was found. */
    Mono<TourReport> run(Duration duration) {
        return Mono.usingWhen(
                Mono.just(client),
                open -> openAccounts()
                        .flatMap(accounts -> load(accounts, duration)
                                .flatMap(outcomes -> quiet().flatMap(pool -> report(accounts, outcomes, pool)))),
                LedgerClient::close);
    }

    private Mono<List<Long>> openAccounts() {
        return Flux.range(1, ACCOUNTS)
                .concatMap(number -> client.open(new NewAccount("Tourist " + number, OPENING)))
                .map(Account::id)
                .collectList();
    }

    private Mono<Map<Outcome, Long>> load(List<Long> accounts, Duration duration) {
        return Mono.defer(() -> {
            long end = System.nanoTime() + duration.toNanos();
            return Flux.range(0, CLIENTS)
                    .flatMap(number -> step(accounts).delayElement(PAUSE).repeat(() -> System.nanoTime() < end))
                    .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        });
    }

    /** One transfer between two accounts. One in ten asks for too much, two in ten are given up after a moment. */
    private Mono<Outcome> step(List<Long> accounts) {
        return Mono.defer(() -> {
            ThreadLocalRandom random = ThreadLocalRandom.current();
            int from = random.nextInt(ACCOUNTS);
            int to = (from + random.nextInt(1, ACCOUNTS)) % ACCOUNTS;
            int chance = random.nextInt(10);
            BigDecimal amount = chance == 0 ? TOO_MUCH : BigDecimal.valueOf(random.nextInt(1, 1000), 2);
            Mono<Outcome> transfer = client.transfer(new TransferOrder(accounts.get(from), accounts.get(to), amount))
                    .map(Tour::outcome);
            return chance < 8
                    ? transfer
                    : transfer.timeout(Duration.ofNanos(random.nextInt(15_000_000)), Mono.just(Outcome.CANCELLED));
        });
    }

    private static Outcome outcome(HttpResponseStatus status) {
        if (status.equals(HttpResponseStatus.CREATED)) {
            return Outcome.MOVED;
        }
        if (status.equals(HttpResponseStatus.CONFLICT)) {
            return Outcome.REJECTED;
        }
        throw new IllegalStateException("a transfer was answered with " + status);
    }

    /** Emits the pool's figures when nothing is in use any more, or after 5 s as they are then. */
    private Mono<PoolStats> quiet() {
        return Mono.fromSupplier(database::stats)
                .filter(pool -> pool.acquired() + pool.recovering() == 0)
                .repeatWhenEmpty(QUIET_POLLS, polls -> polls.delayElements(QUIET_POLL))
                .onErrorResume(IllegalStateException.class, tooManyPolls -> Mono.fromSupplier(database::stats));
    }

    private Mono<TourReport> report(List<Long> accounts, Map<Outcome, Long> outcomes, PoolStats pool) {
        Mono<BigDecimal> money = Flux.fromIterable(accounts)
                .flatMap(client::find)
                .map(Account::balance)
                .reduce(BigDecimal::add);
        Mono<Long> lines = Flux.fromIterable(accounts)
                .flatMap(client::statement)
                .map(Tour::newlines)
                .reduce(0L, Long::sum);
        return Mono.zip(money, lines)
                .map(books -> new TourReport(
                        outcomes.getOrDefault(Outcome.MOVED, 0L),
                        outcomes.getOrDefault(Outcome.REJECTED, 0L),
                        outcomes.getOrDefault(Outcome.CANCELLED, 0L),
                        books.getT2() - ACCOUNTS,
                        OPENING.multiply(BigDecimal.valueOf(ACCOUNTS)),
                        books.getT1(),
                        pool.acquired() + pool.recovering()));
    }

    private static long newlines(byte[] chunk) {
        long count = 0;
        for (byte character : chunk) {
            if (character == '\n') {
                count++;
            }
        }
        return count;
    }
}
