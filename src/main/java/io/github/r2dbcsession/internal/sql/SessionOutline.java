package io.github.r2dbcsession.internal.sql;

import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Watches the tokens of a text go by, to tell its {@link SessionEffect}. In doubt it says that something may remain: that costs a reset,
 * where the opposite would let one borrower's state reach another.
 */
final class SessionOutline {

    private static final Set<String> PLAIN =
            Set.of("select", "values", "table", "with", "show", "insert", "update", "delete", "merge");
    private static final Set<String> WRITES = Set.of("insert", "update", "delete", "merge");

    /** Where PostgreSQL cuts a name off, which then is another. */
    private static final int LONGEST_NAME = 63;

    private final Set<String> names = new HashSet<>();
    private String first = "";
    private @Nullable String previous;
    private boolean previousQuoted;
    private @Nullable String qualifier;
    private boolean afterDot;
    private char previousSymbol;
    private boolean beforeTarget;
    private boolean target;

    private boolean plain = true;
    private boolean known = true;
    private boolean writes;
    private boolean inserts;
    private boolean forgets;

    void word(String spelled) {
        String word = spelled.toLowerCase(Locale.ROOT);
        if (first.isEmpty()) {
            first = word;
            plain &= PLAIN.contains(word);
        }
        boolean locks = word.equals("update") && ("for".equals(previous) || "key".equals(previous));
        writes |= !locks && WRITES.contains(word);
        inserts |= word.equals("insert") || word.equals("default");
        boolean into = word.equals("into");
        if (into) {
            into();
        }
        forgets |= word.equals("all") && (first.equals("discard") || first.equals("deallocate"));
        name(word, false);
        beforeTarget = into;
    }

    /** A quoted identifier, or a piece of one that holds a quote. */
    void quoted(String content) {
        boolean whole = previousSymbol != '&' && !previousQuoted;
        known &= whole;
        name(content.toLowerCase(Locale.ROOT), true);
    }

    /** A SELECT may name a column "insert", and put its rows INTO a new table; a WITH tells neither apart. */
    private void into() {
        boolean writing = "insert".equals(previous) || "merge".equals(previous);
        plain &= writing && !previousQuoted && (first.equals(previous) || first.equals("with"));
        known &= !first.equals("with");
    }

    /** Anything that is no name, no white space and no comment. */
    void symbol(char symbol) {
        if (symbol == '(' && previous != null && !target) {
            known &= callsNothing(previous);
        }
        beforeTarget = target && symbol == '.';
        target = false;
        qualifier = symbol == '.' ? previous : null;
        afterDot = symbol == '.';
        previous = null;
        previousQuoted = false;
        previousSymbol = symbol;
    }

    void semicolon() {
        symbol(';');
        first = "";
    }

    SessionEffect effect() {
        if (forgets) {
            return new SessionEffect(SessionEffect.Kind.FORGETS, Set.of());
        }
        if (!plain) {
            return new SessionEffect(SessionEffect.Kind.OTHER, Set.of());
        }
        return known
                ? new SessionEffect(SessionEffect.Kind.KNOWN, uses())
                : new SessionEffect(SessionEffect.Kind.PLAIN, Set.of());
    }

    private Set<String> uses() {
        Set<String> uses = new HashSet<>(names);
        for (String name : names) {
            if (writes) {
                uses.add("write " + name);
            }
            if (writes && inserts) {
                uses.add("insert " + name);
            }
        }
        return Set.copyOf(uses);
    }

    private void name(String name, boolean quoted) {
        known &= name.length() <= LONGEST_NAME && name.getBytes(StandardCharsets.UTF_8).length <= LONGEST_NAME;
        names.add(name);
        if (!afterDot) {
            qualifier = null;
        }
        afterDot = false;
        target = beforeTarget;
        beforeTarget = false;
        previous = name;
        previousQuoted = quoted;
        previousSymbol = ' ';
    }

    private boolean callsNothing(String name) {
        if (qualifier != null) {
            return qualifier.equals("pg_catalog") && BuiltInFunctions.isHarmless(name);
        }
        return (!previousQuoted && BuiltInFunctions.isSyntax(name)) || BuiltInFunctions.isHarmless(name);
    }
}
