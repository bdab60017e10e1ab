package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MaskedTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "SELECT 1 | SELECT ?",
                "SELECT owner FROM account WHERE id = $1 | SELECT owner FROM account WHERE id = $1",
                "SELECT 'secret' | SELECT ?",
                "SELECT 'it''s secret', 2 | SELECT ?, ?",
                "SELECT E'it\\'s secret', x2 | SELECT E?, x2",
                "SELECT $$secret$$, $a$se$$cret$a$ | SELECT ?, ?",
                "SELECT \"a 'name'\" FROM t1 | SELECT \"a 'name'\" FROM t1",
                "SELECT /* secret */ a -- secret | SELECT a",
                "SELECT 1.5e10, 0x1F, 1_000 | SELECT ?, ?, ?",
                "SELECT 'never ends | SELECT ?",
                "SELECT $$never ends | SELECT ?",
                "SELECT /* never ends | SELECT",
                "SELECT a$1, b$$ | SELECT a$1, b$$",
                "`` | ``"
            })
    void literalsAndCommentsAreNotShown(String sql, String shown) {
        assertThat(Masked.statement(sql)).isEqualTo(shown);
    }

    @Test
    void isShortAndOnOneLine() {
        assertThat(Masked.statement("SELECT  a,\n\tb")).isEqualTo("SELECT a, b");
        assertThat(Masked.statement("SELECT " + "column, ".repeat(100)))
                .hasSize(60)
                .startsWith("SELECT column, ")
                .endsWith("…");
    }

    @Test
    void anyTextIsRead() {
        Random random = new Random(4);
        String alphabet = "'\"$-/*\\E 1a\n";
        for (int i = 0; i < 100_000; i++) {
            StringBuilder sql = new StringBuilder();
            for (int length = random.nextInt(30); length > 0; length--) {
                sql.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            assertThat(Masked.statement(sql.toString())).as(sql.toString()).hasSizeLessThanOrEqualTo(60);
        }
    }
}
