package io.github.r2dbcsession;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.r2dbc.spi.IsolationLevel;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransactionOptionsTest {

    @Test
    void theBeginCarriesEveryOption() {
        TransactionOptions options = TransactionOptions.serializable()
                .readOnly()
                .deferrable()
                .statementTimeout(Duration.ofMillis(1500))
                .lockTimeout(Duration.ofSeconds(1));

        assertThat(options.beginSql())
                .isEqualTo(
                        "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE; SET LOCAL statement_timeout = 1500; "
                                + "SET LOCAL lock_timeout = 1000");
    }

    @Test
    void theDefaultsAreTheServersOwn() {
        assertThat(TransactionOptions.defaults().beginSql()).isEqualTo("BEGIN");
        assertThat(TransactionOptions.defaults().isolationLevel()).isEmpty();
        assertThat(TransactionOptions.defaults().deadline()).isEmpty();
    }

    @Test
    void theDeadlineLimitsEachStatementOnTheServerToo() {
        TransactionOptions options = TransactionOptions.defaults().deadline(Duration.ofSeconds(2));

        assertThat(options.beginSql()).isEqualTo("BEGIN; SET LOCAL statement_timeout = 2000");
        assertThat(options.statementTimeout(Duration.ofSeconds(1)).beginSql())
                .isEqualTo("BEGIN; SET LOCAL statement_timeout = 1000");
    }

    @Test
    void eachMethodReturnsNewOptions() {
        TransactionOptions level = TransactionOptions.readCommitted();
        TransactionOptions named = level.name("transfer").readOnly();

        assertThat(level.name()).isEmpty();
        assertThat(level.isReadOnly()).isFalse();
        assertThat(named.name()).contains("transfer");
        assertThat(named.isolationLevel()).contains(IsolationLevel.READ_COMMITTED);
        assertThat(named).hasToString("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY, name transfer");
    }

    @Test
    void everyLevelHasAFactory() {
        assertThat(TransactionOptions.readUncommitted().beginSql()).isEqualTo("BEGIN ISOLATION LEVEL READ UNCOMMITTED");
        assertThat(TransactionOptions.repeatableRead().beginSql()).isEqualTo("BEGIN ISOLATION LEVEL REPEATABLE READ");
    }

    @Test
    void deferrableWithoutEffectIsRefused() {
        assertThatThrownBy(() -> TransactionOptions.serializable().deferrable())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("serializable().readOnly()");
        assertThatThrownBy(() -> TransactionOptions.repeatableRead().readOnly().deferrable())
                .isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT-1S", "PT0.000999S", "PT597H"})
    void limitsOutsideTheirRangeAreRefused(Duration limit) {
        TransactionOptions options = TransactionOptions.defaults();
        for (ThrowingCallable setting : List.<ThrowingCallable>of(
                () -> options.deadline(limit),
                () -> options.statementTimeout(limit),
                () -> options.lockTimeout(limit))) {
            assertThatThrownBy(setting)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must be from 1 to 2147483647 ms, was " + limit);
        }
    }

    @Test
    void aBlankNameIsRefused() {
        assertThatThrownBy(() -> TransactionOptions.defaults().name(" ")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anErrorMustPassEveryRuleToRollBack() {
        TransactionOptions options = TransactionOptions.defaults()
                .rollbackOn(IllegalStateException.class::isInstance)
                .noRollbackOn(failure -> "fine".equals(failure.getMessage()));

        assertThat(TransactionOptions.defaults().rollsBackOn(new IllegalArgumentException()))
                .isTrue();
        assertThat(options.rollsBackOn(new IllegalStateException("bad"))).isTrue();
        assertThat(options.rollsBackOn(new IllegalStateException("fine"))).isFalse();
        assertThat(options.rollsBackOn(new IllegalArgumentException("bad"))).isFalse();
    }
}
