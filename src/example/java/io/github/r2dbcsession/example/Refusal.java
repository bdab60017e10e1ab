package io.github.r2dbcsession.example;

/** Says that the ledger will not do what was asked, and why, in words for the one who asked. */
final class Refusal extends RuntimeException {

    private static final long serialVersionUID = 1;

    /** What kind of thing is wrong. */
    enum Kind {
        INVALID,
        NOT_FOUND,
        INSUFFICIENT_FUNDS
    }

    private final Kind kind;
    private final String reason;

    private Refusal(Kind kind, String reason) {
        super(reason, null, false, false);
        this.kind = kind;
        this.reason = reason;
    }

    static Refusal invalid(String reason) {
        return new Refusal(Kind.INVALID, reason);
    }

    static Refusal notFound(String what) {
        return new Refusal(Kind.NOT_FOUND, "there is no " + what);
    }

    static Refusal insufficientFunds(Account account, TransferOrder order) {
        return new Refusal(
                Kind.INSUFFICIENT_FUNDS,
                "account " + account.id() + " holds " + account.balance() + ", which is less than "
                        + order.amount().setScale(Money.CENT.scale()));
    }

    Kind kind() {
        return kind;
    }

    String reason() {
        return reason;
    }
}
