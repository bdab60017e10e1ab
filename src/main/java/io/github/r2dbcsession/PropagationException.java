package io.github.r2dbcsession;

/** Work asked for a transaction that what is open around it cannot give. Nothing was sent for it. */
public final class PropagationException extends IllegalStateException {

    private static final long serialVersionUID = 1;

    PropagationException(String message) {
        super(message);
    }
}
