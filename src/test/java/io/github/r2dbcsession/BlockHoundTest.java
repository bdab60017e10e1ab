package io.github.r2dbcsession;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import reactor.blockhound.BlockingOperationError;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;
import reactor.test.StepVerifier;

class BlockHoundTest {

    @Test
    void blockingOnANonBlockingThreadIsAnError() {
        Mono<String> blocking = Mono.fromCallable(() -> {
                    new CountDownLatch(1).await();
                    return "not seen";
                })
                .subscribeOn(Schedulers.parallel());

        StepVerifier.create(blocking).expectError(BlockingOperationError.class).verify(Duration.ofSeconds(5));
    }
}
