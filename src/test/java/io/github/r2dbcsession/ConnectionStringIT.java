package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.r2dbcsession.config.InvalidConnectionStringException;
import io.github.r2dbcsession.testing.DatabaseTest;
import io.github.r2dbcsession.testing.TestDatabase;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** Connects with strings as people have them, password and all. */
@DatabaseTest
class ConnectionStringIT {

    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final String ROLE = "ledger-admin-of-test";
    private static final String PASSWORD = "y5268[695t-13htgq244t5thj[8q9grq";

    private final TestDatabase server = TestDatabase.get();

    @BeforeAll
    static void role() {
        TestDatabase.get().execute("CREATE ROLE \"%s\" LOGIN PASSWORD '%s'".formatted(ROLE, PASSWORD));
    }

    @AfterAll
    static void noRole() {
        TestDatabase.get().execute("DROP ROLE \"%s\"".formatted(ROLE));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgresql+psycopg2://%s:%s@%s:%d/%s?application_name=ConnectionStringIT",
                "postgresql+asyncpg://%s:%s@%s:%d/%s?ssl=prefer",
                "postgresql://%s:%s@%s:%d/%s?application_name=ConnectionStringIT",
                "jdbc:postgresql://%s:%s@%s:%d/%s?ApplicationName=ConnectionStringIT",
                "r2dbc:postgresql://%s:%s@%s:%d/%s?applicationName=ConnectionStringIT",
            })
    void aPasswordWithBracketsConnects(String pattern) {
        Database db = Database.of(pattern.formatted(ROLE, PASSWORD, server.host(), server.port(), server.database()));

        StepVerifier.create(db.sql("SELECT current_user::text").as(String.class).one())
                .expectNext(ROLE)
                .expectComplete()
                .verify(LIMIT);
        db.close().block(LIMIT);
    }

    @Test
    void keywordsAndValuesConnect() {
        Database db =
                Database.of("host=%s port=%d dbname=%s user='%s' password='%s' application_name=ConnectionStringIT"
                        .formatted(server.host(), server.port(), server.database(), ROLE, PASSWORD));

        Mono<String> user = db.sql("SELECT current_user::text").as(String.class).one();

        StepVerifier.create(user).expectNext(ROLE).expectComplete().verify(LIMIT);
        db.close().block(LIMIT);
    }

    @Test
    void anUnknownSslmodeIsRefusedBeforeAnythingIsOpened() {
        assertThatThrownBy(() -> Database.of("postgresql://app:" + PASSWORD + "@db/shop?sslmode=requird"))
                .isInstanceOf(InvalidConnectionStringException.class)
                .hasMessageContaining("sslmode")
                .hasMessageContaining("verify-full")
                .satisfies(failure -> assertThat(failure.toString()).doesNotContain(PASSWORD));
    }
}
