package io.github.r2dbcsession;

/** A setting that takes its value from the Reactor Context finds none there, or one that cannot be used. Nothing was sent. */
public final class ContextValueException extends IllegalStateException {

    private static final long serialVersionUID = 1;

    private final String setting;

    ContextValueException(String setting, String fault) {
        super("the setting " + setting + " " + fault);
        this.setting = setting;
    }

    /** The setting's name. */
    public String setting() {
        return setting;
    }
}
