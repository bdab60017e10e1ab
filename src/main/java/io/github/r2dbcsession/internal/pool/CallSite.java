package io.github.r2dbcsession.internal.pool;

import java.lang.StackWalker.StackFrame;
import java.security.ProtectionDomain;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The line of the application where a connection was asked for. Immutable.
 *
 * <p>A walk up the stack costs a microsecond or more, so it is made once for each lambda in the source: the class of a lambda is there once
 * for the place it is written at. A class with a name may be used in many places, and is walked from each time.
 */
public final class CallSite {

    /** Where that is not known. */
    public static final CallSite UNKNOWN = new CallSite("unknown");

    private static final StackWalker WALKER = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);
    private static final ProtectionDomain OURS = CallSite.class.getProtectionDomain();
    private static final String OUR_PACKAGE = "io.github.r2dbcsession.";
    private static final List<String> BETWEEN = List.of("java.", "jdk.", "reactor.", "kotlin.", "kotlinx.");
    private static final Pattern LAMBDA = Pattern.compile("lambda\\$(.+)\\$\\d+");

    private static final ClassValue<CallSite> BY_LAMBDA = new ClassValue<>() {
        @Override
        protected CallSite computeValue(Class<?> lambda) {
            return here();
        }
    };

    private final String text;

    private CallSite(String text) {
        this.text = text;
    }

    /** The line that calls the library now with this work. */
    public static CallSite of(Object work) {
        Class<?> type = work.getClass();
        return type.isHidden() ? BY_LAMBDA.get(type) : here();
    }

    /** The line that calls the library now. */
    public static CallSite here() {
        return WALKER.walk(frames -> frames.filter(CallSite::isOfTheApplication)
                .findFirst()
                .map(frame -> new CallSite(describe(frame)))
                .orElse(UNKNOWN));
    }

    private static boolean isOfTheApplication(StackFrame frame) {
        String name = frame.getClassName();
        boolean ours = name.startsWith(OUR_PACKAGE) && frame.getDeclaringClass().getProtectionDomain() == OURS;
        return !ours && BETWEEN.stream().noneMatch(name::startsWith);
    }

    private static String describe(StackFrame frame) {
        String method = LAMBDA.matcher(frame.getMethodName()).replaceFirst("$1");
        return frame.getClassName() + "." + method + "(" + frame.getFileName() + ":" + frame.getLineNumber() + ")";
    }

    /** As a stack trace has it. */
    @Override
    public String toString() {
        return text;
    }
}
