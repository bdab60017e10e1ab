package io.github.r2dbcsession.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Throws strings made of pieces and noise, each with a canary password, at the parser. */
class MalformedStringFuzzTest {

    private static final long SEED = 20261121;
    private static final int INPUTS = 100_000;
    private static final String CANARY = "cAnArY";

    private static final String[] STARTS = {
        "postgresql://",
        "postgres://",
        "jdbc:postgresql://",
        "jdbc:postgresql:",
        "postgresql+psycopg2://",
        "postgresql+asyncpg://",
        "r2dbc:postgresql://",
        "r2dbcs:postgresql:failover://",
        "r2dbc:pool:postgresql://",
        "host=h ",
        "password=",
        "",
        "mysql://"
    };
    private static final String[] PIECES = {
        "@",
        ":",
        "/",
        "?",
        "#",
        "[",
        "]",
        "%",
        "%zz",
        "%00",
        "%E4",
        "+",
        " ",
        ",",
        "&",
        "=",
        "'",
        "\\",
        "u",
        "h",
        "5432",
        "sslmode=",
        "require",
        "?sslmode=require",
        "&password=",
        "options=-c ",
        "host=",
        "port=",
        "\n",
        "\t",
        "\0",
        "\ud800",
        "ü",
        "€",
        ";",
        "::1"
    };

    private final Random random = new Random(SEED);

    @Test
    @Timeout(60)
    void answersEveryStringOrRefusesItWithoutTheSecret() {
        int refused = 0;
        for (int i = 0; i < INPUTS; i++) {
            String input = input();
            try {
                ConnectionString string = ConnectionString.parse(input);
                assertThat(ConnectionString.parse(string.toUri()))
                        .as("of %s", input)
                        .isEqualTo(string);
                string.password()
                        .map(Secret::reveal)
                        .filter(CANARY::equals)
                        .ifPresent(password ->
                                assertThat(string.toString()).as("of %s", input).contains(Secret.MASK));
            } catch (InvalidConnectionStringException error) {
                refused++;
                assertThat(error.getMessage() + error.part() + error.rule())
                        .as("of %s", input)
                        .doesNotContain(CANARY);
                assertThat(error.getCause()).as("of %s", input).isNull();
            }
        }
        assertThat(refused).isBetween(INPUTS / 10, INPUTS - INPUTS / 100);
    }

    @Test
    void showsNoCredentialOfAStringThatItUnderstands() {
        for (int i = 0; i < INPUTS / 10; i++) {
            String password = noise(1 + random.nextInt(6)) + CANARY + noise(random.nextInt(6));
            String input = STARTS[random.nextInt(3)] + "u:"
                    + Percent.encode(password.replace("\0", "").replace("\ud800", "")) + "@h/d";
            try {
                ConnectionString string = ConnectionString.parse(input);
                assertThat(string + string.source() + string.warnings() + string.options())
                        .as("of %s", input)
                        .doesNotContain(CANARY);
            } catch (InvalidConnectionStringException error) {
                assertThat(error.getMessage()).as("of %s", input).doesNotContain(CANARY);
            }
        }
    }

    @Test
    void takesNoLongForTheWorstString() {
        for (String start :
                new String[] {"postgresql://", "jdbc:postgresql://", "postgresql+psycopg2://", "r2dbc:postgresql://"}) {
            for (String piece : new String[] {"@:", "@:x/", "@[", "@?", "@/", ",@"}) {
                String worst = start + piece.repeat(16_000 / piece.length());
                assertTimeout(Duration.ofSeconds(5), () -> attempt(worst), piece);
            }
        }
    }

    private static void attempt(String input) {
        try {
            ConnectionString.parse(input);
        } catch (InvalidConnectionStringException refused) {
            assertThat(refused.part()).isNotEmpty();
        }
    }

    private String input() {
        return STARTS[random.nextInt(STARTS.length)] + noise(random.nextInt(8)) + CANARY + noise(random.nextInt(12));
    }

    private String noise(int pieces) {
        StringBuilder noise = new StringBuilder();
        for (int i = 0; i < pieces; i++) {
            noise.append(
                    random.nextInt(20) == 0
                            ? String.valueOf((char) random.nextInt(0x300))
                            : PIECES[random.nextInt(PIECES.length)]);
        }
        return noise.toString();
    }
}
