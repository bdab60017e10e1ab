package io.github.r2dbcsession.example;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.example.TestLedger.Answer;
import io.github.r2dbcsession.testing.DatabaseTest;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DatabaseTest
class LedgerServerIT {

    private static TestLedger ledger;

    @BeforeAll
    static void start() {
        ledger = new TestLedger(LedgerServerIT.class);
    }

    @AfterAll
    static void stop() {
        ledger.close();
    }

    @Test
    void opensAnAccountAndShowsIt() {
        Answer opened = ledger.post("/accounts", "{\"owner\": \"Ada\", \"balance\": 100}");

        assertThat(opened.status()).isEqualTo(201);
        assertThat(opened.type()).isEqualTo("application/json");
        assertThat(opened.body()).matches("\\{\"id\":\\d+,\"owner\":\"Ada\",\"balance\":100.00}");
        String id = opened.body().replaceAll("\\D*(\\d+).*", "$1");
        assertThat(ledger.get("/accounts/" + id).body()).isEqualTo(opened.body());
        assertThat(ledger.get("/accounts").body()).contains(opened.body());
    }

    @Test
    void listsTheAccountsAfterOne() {
        long first = ledger.open("First", "0");
        long second = ledger.open("Second", "0");

        Answer list = ledger.get("/accounts?after=" + first);

        assertThat(list.status()).isEqualTo(200);
        assertThat(list.body()).startsWith("[{\"id\":" + second + ",").doesNotContain("\"id\":" + first + ",");
    }

    @Test
    void movesMoneyAndWritesItDownOnBothSides() {
        long ada = ledger.open("Ada", "100.00");
        long grace = ledger.open("Grace", "20.00");

        Answer moved = ledger.post("/transfers", transfer(ada, grace, "25.50"));

        assertThat(moved.status()).isEqualTo(201);
        assertThat(moved.body()).contains("\"from\":" + ada + ",\"to\":" + grace + ",\"amount\":25.50,\"at\":\"20");
        assertThat(statement(ada))
                .containsExactly("opening balance|100.00|100.00", "transfer to account " + grace + "|-25.50|74.50");
        assertThat(statement(grace))
                .containsExactly("opening balance|20.00|20.00", "transfer from account " + ada + "|25.50|45.50");
    }

    @Test
    void refusesToMoveMoreThanThereIsAndMovesNothing() {
        long ada = ledger.open("Ada", "10.00");
        long grace = ledger.open("Grace", "0.00");

        Answer refused = ledger.post("/transfers", transfer(ada, grace, "10.01"));

        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.body())
                .isEqualTo("{\"error\":\"insufficient_funds\",\"reason\":\"account " + ada
                        + " holds 10.00, which is less than 10.01\"}");
        assertThat(ledger.get("/accounts/" + ada).body()).contains("\"balance\":10.00");
        assertThat(statement(grace)).hasSize(1);
    }

    @Test
    void movesAllThereIs() {
        long ada = ledger.open("Ada", "10.00");
        long grace = ledger.open("Grace", "0.00");

        assertThat(ledger.post("/transfers", transfer(ada, grace, "10")).status())
                .isEqualTo(201);
        assertThat(ledger.get("/accounts/" + ada).body()).contains("\"balance\":0.00");
    }

    @Test
    void refusesATransferToOrFromNobody() {
        long ada = ledger.open("Ada", "10.00");

        assertThat(ledger.post("/transfers", transfer(ada, -1, "1")).body())
                .isEqualTo("{\"error\":\"not_found\",\"reason\":\"there is no account -1\"}");
        assertThat(ledger.post("/transfers", transfer(-1, ada, "1")).status()).isEqualTo(404);
        assertThat(statement(ada)).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"from": 1, "to": 2, "amount": -5}          | amount must be from 0.01 to 1000000000.00
            {"from": 1, "to": 2, "amount": 0}           | amount must be from 0.01 to 1000000000.00
            {"from": 1, "to": 2, "amount": 1e999999999} | amount must be from 0.01 to 1000000000.00
            {"from": 1, "to": 2, "amount": 0.011}       | amount must be in whole cents
            {"from": 1, "to": 1, "amount": 5}           | from and to must be two accounts
            {"from": 1.5, "to": 2, "amount": 5}         | expected from in JSON such as
            {"from": 1, "to": 2, "amount": "5"}         | expected amount in JSON such as
            {"from": 1, "to": 2}                        | expected amount in JSON such as
            {"from": 1, "to": 2, "amount": null}        | expected amount in JSON such as
            {"from": 1, "to": 2, "amount": 5, "x": 1}   | expected no x in JSON such as
            {"from": 1, "to": 2, "amount": 5} x         | expected JSON such as
            [1, 2, 5]                                   | expected one object in JSON such as
            null                                        | expected JSON such as
            not json                                    | expected JSON such as
            ``                                          | expected one object in JSON such as""")
    void refusesATransferThatIsNone(String body, String reason) {
        Answer refused = ledger.post("/transfers", body);

        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.body()).startsWith("{\"error\":\"invalid\",\"reason\":\"" + reason);
    }

    @Test
    void refusesAnAccountWithoutAnOwnerOrBelowZero() {
        assertThat(ledger.post("/accounts", "{\"owner\": \" \", \"balance\": 1}")
                        .body())
                .contains("owner must have 1 to 100 characters");
        assertThat(ledger.post("/accounts", "{\"owner\": \"\\u0000\", \"balance\": 1}")
                        .status())
                .isEqualTo(400);
        assertThat(ledger.post("/accounts", "{\"owner\": \"Ada\", \"balance\": -0.01}")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void refusesABodyThatIsTooLong() {
        assertThat(ledger.post("/accounts", " ".repeat(20_000)).body()).contains("at most 16384 bytes");
    }

    @Test
    void anUnknownAccountIsNotFound() {
        assertThat(ledger.get("/accounts/-1"))
                .isEqualTo(new Answer(
                        404, "application/json", "{\"error\":\"not_found\",\"reason\":\"there is no account -1\"}"));
        assertThat(ledger.get("/accounts/-1/statement").status()).isEqualTo(404);
    }

    @Test
    void anAccountThatIsNoNumberIsRefused() {
        assertThat(ledger.get("/accounts/one").status()).isEqualTo(400);
        assertThat(ledger.get("/accounts?after=all").status()).isEqualTo(400);
    }

    @Test
    void servesAStatementAsLines() {
        Answer statement = ledger.get("/accounts/" + ledger.open("Ada", "7") + "/statement");

        assertThat(statement.status()).isEqualTo(200);
        assertThat(statement.type()).isEqualTo("application/x-ndjson");
        assertThat(statement.body()).endsWith("\"text\":\"opening balance\",\"amount\":7.00,\"balance\":7.00}");
    }

    @Test
    void servesHealth() {
        assertThat(ledger.get("/health").status()).isEqualTo(200);
        assertThat(ledger.get("/health").body()).contains("HEALTHY");
        assertThat(ledger.get("/health/live").status()).isEqualTo(200);
        assertThat(ledger.get("/health/ready").status()).isEqualTo(200);
    }

    @Test
    void servesMetersOfThePool() {
        assertThat(ledger.get("/metrics").body())
                .contains("r2dbc_pool_acquired_connections", "r2dbc_pool_max_allocated_connections");
    }

    @Test
    void otherAddressesAreNotFound() {
        assertThat(ledger.get("/nothing").status()).isEqualTo(404);
    }

    private static String transfer(long from, long to, String amount) {
        return "{\"from\": " + from + ", \"to\": " + to + ", \"amount\": " + amount + "}";
    }

    /** The lines of a statement as text, amount and balance, without the transfers' numbers. */
    private static Stream<String> statement(long account) {
        return ledger.get("/accounts/" + account + "/statement")
                .body()
                .lines()
                .map(line -> line.replaceAll(".*\"text\":\"(.*?)\",\"amount\":(.*),\"balance\":(.*)}", "$1|$2|$3"))
                .map(line -> line.replaceAll("transfer \\d+", "transfer"));
    }
}
