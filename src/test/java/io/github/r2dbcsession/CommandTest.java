package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandTest {

    @ParameterizedTest
    @CsvSource({
        "SELECT 1, SELECT",
        "'  insert into t', INSERT",
        "'-- a\n/* b */ ((select 1))', SELECT",
        "WITH a AS (SELECT 1) SELECT * FROM a, WITH",
        "SELECT1, OTHER",
        "'/* never ends', OTHER",
        "'', OTHER",
        "'; delete from t', DELETE",
        "frobnicate, OTHER",
    })
    void theFirstWordIsTheCommand(String sql, String command) {
        assertThat(Command.of(sql)).isEqualTo(command);
    }
}
