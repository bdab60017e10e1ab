package io.github.r2dbcsession.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PoolSettingsTest {

    @Test
    void defaultsAreAsDocumented() {
        PoolSettings settings = PoolSettings.defaults();

        assertThat(settings.pooling()).isTrue();
        assertThat(settings.maxSize()).isEqualTo(10);
        assertThat(settings.minIdle()).isZero();
        assertThat(settings.initialSize()).isZero();
        assertThat(settings.maxAcquireTime()).isEqualTo(Duration.ofSeconds(30));
        assertThat(settings.maxCreateConnectionTime()).isEqualTo(Duration.ofSeconds(10));
        assertThat(settings.maxIdleTime()).contains(Duration.ofMinutes(30));
        assertThat(settings.maxLifeTime()).contains(Duration.ofHours(1));
    }

    @Test
    void presetsAreSizePlusOverflow() {
        assertThat(PoolSettings.development()).satisfies(settings -> {
            assertThat(settings.size()).isEqualTo(5);
            assertThat(settings.maxOverflow()).isEqualTo(10);
            assertThat(settings.maxSize()).isEqualTo(15);
        });
        assertThat(PoolSettings.production().maxSize()).isEqualTo(50);
        assertThat(PoolSettings.serverless().pooling()).isFalse();
        assertThat(PoolSettings.serverless().maxSize()).isEqualTo(10);
    }

    @Test
    void takesTheWordsOfBothWorlds() {
        PoolSettings theirs = PoolSettings.builder()
                .size(3)
                .maxOverflow(4)
                .timeout(Duration.ofSeconds(5))
                .recycle(Duration.ofMinutes(6))
                .build();
        PoolSettings ours = PoolSettings.builder()
                .size(3)
                .maxOverflow(4)
                .maxSize(7)
                .maxAcquireTime(Duration.ofSeconds(5))
                .maxLifeTime(Duration.ofMinutes(6))
                .build();

        assertThat(theirs).isEqualTo(ours).hasSameHashCodeAs(ours).hasToString(ours.toString());
        assertThat(theirs.maxSize()).isEqualTo(7);
        assertThat(PoolSettings.builder().maxSize(7).build()).isNotEqualTo(ours);
        assertThat(PoolSettings.builder().size(4).build().maxSize()).isEqualTo(4);
    }

    @Test
    void keepsEverySettingOnTheWayThroughABuilder() {
        PoolSettings settings = PoolSettings.builder()
                .maxSize(9)
                .minIdle(2)
                .initialSize(3)
                .maxAcquireTime(Duration.ofSeconds(4))
                .maxCreateConnectionTime(Duration.ofSeconds(1))
                .maxIdleTime(Duration.ofSeconds(5))
                .maxLifeTime(Duration.ofSeconds(6))
                .waitWarningThreshold(Duration.ofSeconds(7))
                .leakDetectionThreshold(Duration.ofSeconds(8))
                .build();

        assertThat(settings.toBuilder().build()).isEqualTo(settings);
        assertThat(settings.maxIdleTime()).contains(Duration.ofSeconds(5));
        assertThat(PoolSettings.development().toBuilder().build()).isEqualTo(PoolSettings.development());
        assertThat(PoolSettings.serverless().toBuilder().maxSize(2).build().maxSize())
                .isEqualTo(2);
    }

    @Test
    void switchesLimitsOff() {
        PoolSettings settings = PoolSettings.builder()
                .noMaxIdleTime()
                .noMaxLifeTime()
                .noLeakDetection()
                .build();

        assertThat(settings.maxIdleTime()).isEmpty();
        assertThat(settings.maxLifeTime()).isEmpty();
        assertThat(settings.leakDetectionThreshold()).isEmpty();
        assertThat(settings.toBuilder().build()).isEqualTo(settings);
    }

    @Test
    void changesItsSizeInEitherWord() {
        PoolSettings settings = PoolSettings.builder().maxSize(4).minIdle(2).build();

        assertThat(settings.resized(5, 6)).satisfies(resized -> {
            assertThat(resized.size()).isEqualTo(5);
            assertThat(resized.maxSize()).isEqualTo(11);
            assertThat(resized.minIdle()).isEqualTo(2);
        });
        assertThat(settings.resized(5, 6).resized(4, 0)).isEqualTo(settings);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> settings.resized(1, 0))
                .withMessage("minIdle must be at most maxSize 1, was 2");
    }

    @Test
    void aShortAcquireTimeShortensTheConnectTimeThatNobodySet() {
        assertThat(PoolSettings.builder()
                        .maxAcquireTime(Duration.ofMillis(200))
                        .build()
                        .maxCreateConnectionTime())
                .isEqualTo(Duration.ofMillis(200));
        assertThat(PoolSettings.production().toBuilder()
                        .maxAcquireTime(Duration.ofSeconds(2))
                        .build()
                        .maxCreateConnectionTime())
                .isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void settersNameTheRuleAndTheValue() {
        PoolSettingsBuilder builder = PoolSettings.builder();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxSize(0))
                .withMessage("maxSize must be from 1 to 10000, was 0");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.size(0)).withMessageContaining("size");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxOverflow(-1))
                .withMessageContaining("-1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.minIdle(-1))
                .withMessageContaining("minIdle");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.initialSize(10_001))
                .withMessageContaining("10001");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxLifeTime(Duration.ZERO))
                .withMessage("maxLifeTime must be from PT0.001S to PT8760H, was PT0S");
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxIdleTime(Duration.ofSeconds(-1)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxAcquireTime(Duration.ofDays(366)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder.maxCreateConnectionTime(Duration.ZERO));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.timeout(Duration.ZERO))
                .withMessageContaining("timeout");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.recycle(Duration.ZERO))
                .withMessageContaining("recycle");
    }

    @Test
    void refusesWhatContradicts() {
        refuses(PoolSettings.builder().maxSize(2).minIdle(3), "minIdle must be at most maxSize 2, was 3");
        refuses(PoolSettings.builder().maxSize(2).initialSize(3), "initialSize must be at most maxSize 2, was 3");
        refuses(PoolSettings.builder().maxOverflow(3), "maxOverflow needs size, was 3 without one");
        refuses(
                PoolSettings.builder().size(5).maxOverflow(10).maxSize(20),
                "maxSize must be size + maxOverflow, was 20 with size 5 and maxOverflow 10");
        refuses(
                PoolSettings.builder()
                        .maxAcquireTime(Duration.ofSeconds(1))
                        .maxCreateConnectionTime(Duration.ofSeconds(2)),
                "maxCreateConnectionTime must be at most maxAcquireTime PT1S, was PT2S");
        refuses(PoolSettings.serverless().toBuilder().minIdle(1), "minIdle must be 0 without pooling, was 1");
        refuses(PoolSettings.serverless().toBuilder().initialSize(1), "initialSize must be 0 without pooling, was 1");
    }

    private static void refuses(PoolSettingsBuilder builder, String message) {
        assertThatIllegalArgumentException().isThrownBy(builder::build).withMessage(message);
    }
}
