package io.github.r2dbcsession.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class CallSiteTest {

    @Test
    void namesTheLineOfTheApplication() {
        assertThat(CallSite.here()).hasToString(here());
    }

    @Test
    void namesTheMethodThatALambdaIsWrittenIn() {
        Supplier<CallSite> lambda = CallSite::here;
        Supplier<CallSite> body = () -> CallSite.here();

        assertThat(lambda.get().toString()).contains("CallSiteTest.namesTheMethodThatALambdaIsWrittenIn(");
        assertThat(body.get().toString()).contains("CallSiteTest.namesTheMethodThatALambdaIsWrittenIn(");
    }

    @Test
    void isFoundOnceForEachLambda() {
        CallSite first = null;
        for (int i = 0; i < 3; i++) {
            int captured = i;
            CallSite site = CallSite.of((Supplier<Integer>) () -> captured);
            first = first == null ? site : first;

            assertThat(site).isSameAs(first);
            assertThat(site.toString()).contains("isFoundOnceForEachLambda(CallSiteTest.java:");
        }
        assertThat(CallSite.of((Supplier<Integer>) () -> 1)).isNotSameAs(first);
    }

    @Test
    void aClassThatIsUsedInSeveralPlacesHasNone() {
        Supplier<Integer> named = new Named();

        assertThat(CallSite.of(named)).isNotEqualTo(CallSite.of(named));
    }

    private static final class Named implements Supplier<Integer> {

        @Override
        public Integer get() {
            return 1;
        }
    }

    private static String here() {
        StackTraceElement line = new Throwable().getStackTrace()[1];
        return line.getClassName() + "." + line.getMethodName() + "(" + line.getFileName() + ":" + line.getLineNumber()
                + ")";
    }
}
