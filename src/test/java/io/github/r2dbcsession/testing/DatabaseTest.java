package io.github.r2dbcsession.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives a test class an empty schema of its own, and fails it when a session under its application name is left.
 *
 * <p>Sessions are told apart by {@link TestDatabase#applicationName(Class)}; {@link TestDatabase#url(Class)} sets it.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(DatabaseTestExtension.class)
public @interface DatabaseTest {}
