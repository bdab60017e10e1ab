package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.util.concurrent.ImmediateEventExecutor;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.reactivestreams.Subscription;
import reactor.core.publisher.Flux;
import reactor.test.StepVerifier;
import reactor.test.publisher.TestPublisher;

class ConversationTest {

    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final Conversations conversations = new Conversations(ImmediateEventExecutor.INSTANCE);
    private final TestPublisher<String> answer = TestPublisher.create();
    private final Conversation<String> conversation = new Conversation<>(alone -> answer.flux(), conversations);

    @Test
    void isOpenFromSubscriptionToCompletion() {
        StepVerifier.create(conversation)
                .then(() -> assertThat(conversations.open()).isEqualTo(1))
                .then(() -> answer.next("row").complete())
                .expectNext("row")
                .verifyComplete();

        assertThat(conversations.open()).isEqualTo(0);
    }

    @Test
    void hasEndedWhenTheErrorArrives() {
        StepVerifier.create(conversation.doOnError(
                        failure -> assertThat(conversations.open()).isEqualTo(0)))
                .then(() -> answer.error(new IllegalArgumentException("bad")))
                .expectError(IllegalArgumentException.class)
                .verify(LIMIT);
    }

    @Test
    void hasEndedWhenTheCompletionArrives() {
        StepVerifier.create(conversation.doOnComplete(
                        () -> assertThat(conversations.open()).isEqualTo(0)))
                .then(answer::complete)
                .expectComplete()
                .verify(LIMIT);
    }

    @Test
    void aCancelReadsTheRestAndKeepsItFromTheSubscriber() {
        StepVerifier.create(conversation, 1)
                .then(() -> answer.next("first"))
                .expectNext("first")
                .thenCancel()
                .verify(LIMIT);

        answer.assertNotCancelled();
        assertThat(conversations.open()).isEqualTo(1);
        answer.next("second", "third").complete();
        assertThat(conversations.open()).isEqualTo(0);
    }

    @Test
    void afterACancelTheRestIsAskedForWithoutLimit() {
        StepVerifier.create(conversation, 0)
                .then(answer::assertSubscribers)
                .thenCancel()
                .verify(LIMIT);

        answer.assertMinRequested(Long.MAX_VALUE);
    }

    @Test
    void aStatementCancelledBeforeItBeganIsNotSent() {
        StepVerifier.create(conversation.doOnSubscribe(Subscription::cancel))
                .thenCancel()
                .verify(LIMIT);

        answer.assertNoSubscribers();
        assertThat(conversations.open()).isEqualTo(0);
    }

    @Test
    void nothingFollowsAFailureThatWasToldAheadUntilItsAnswerHasEnded() {
        TestPublisher<String> next = TestPublisher.create();
        Conversation.Statement<String> sole = new Conversation.Statement<>() {
            @Override
            public Conversations.Company company() {
                return Conversations.Company.NONE;
            }

            @Override
            public Flux<String> begin(boolean alone) {
                return answer.flux();
            }
        };

        StepVerifier.create(new Conversation<>(sole, conversations))
                .then(() -> conversations.tellAhead(new IllegalArgumentException("late")))
                .expectError(IllegalArgumentException.class)
                .verify(LIMIT);
        new Conversation<>(alone -> next.flux(), conversations).subscribe();
        next.assertWasNotSubscribed();
        assertThat(conversations.open()).isEqualTo(2);
        answer.next("dropped").error(new IllegalStateException("dropped too"));
        next.assertWasSubscribed();
    }

    @Test
    void demandIsPassedOnAsItIs() {
        StepVerifier.create(conversation, 3)
                .then(() -> answer.assertMinRequested(3).assertMaxRequested(3))
                .then(answer::complete)
                .expectComplete()
                .verify(LIMIT);
    }
}
