package io.github.r2dbcsession.testing;

import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Makes the schema before the first test of a class; afterwards wants no session left and drops it. */
final class DatabaseTestExtension implements BeforeAllCallback, AfterAllCallback {

    @Override
    public void beforeAll(ExtensionContext context) {
        TestDatabase.get().freshSchema(context.getRequiredTestClass());
    }

    @Override
    public void afterAll(ExtensionContext context) {
        Class<?> test = context.getRequiredTestClass();
        TestDatabase.get().awaitNoBackends(TestDatabase.applicationName(test));
        TestDatabase.get().dropSchema(test);
    }
}
