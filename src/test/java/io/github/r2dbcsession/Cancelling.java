package io.github.r2dbcsession;

import java.util.concurrent.CancellationException;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The ways in which Reactor programs cancel what they have begun, seldom knowing it. */
enum Cancelling {
    DISPOSE {
        @Override
        Mono<?> cut(Mono<Long> transfer, Mono<Long> moment) {
            return Mono.create(sink -> {
                Disposable running = transfer.subscribe(sink::success, sink::error, sink::success);
                sink.onDispose(moment.subscribe(now -> {
                    running.dispose();
                    sink.success();
                }));
            });
        }
    },
    TIMEOUT {
        @Override
        Mono<?> cut(Mono<Long> transfer, Mono<Long> moment) {
            return transfer.timeout(moment);
        }
    },
    TAKE_ONE {
        @Override
        Mono<?> cut(Mono<Long> transfer, Mono<Long> moment) {
            return Flux.merge(transfer, moment).take(1).then();
        }
    },
    NEXT {
        @Override
        Mono<?> cut(Mono<Long> transfer, Mono<Long> moment) {
            return Flux.merge(transfer, moment).next();
        }
    },
    ZIP_WITH_A_FAILURE {
        @Override
        Mono<?> cut(Mono<Long> transfer, Mono<Long> moment) {
            return Mono.zip(transfer, moment.then(Mono.error(CancellationException::new)));
        }
    },
    FIRST_WITH_SIGNAL {
        @Override
        Mono<?> cut(Mono<Long> transfer, Mono<Long> moment) {
            return Mono.firstWithSignal(transfer, moment);
        }
    },
    SWITCH_MAP {
        @Override
        Mono<?> cut(Mono<Long> transfer, Mono<Long> moment) {
            return Flux.concat(Flux.just(transfer), moment.map(now -> Mono.<Long>empty()))
                    .switchMap(each -> each)
                    .then();
        }
    },
    RETRY {
        @Override
        Mono<?> cut(Mono<Long> transfer, Mono<Long> moment) {
            return transfer.timeout(moment).retry(1);
        }
    };

    /** Runs the transfer, and cancels it at that moment if it is still under way. */
    abstract Mono<?> cut(Mono<Long> transfer, Mono<Long> moment);
}
