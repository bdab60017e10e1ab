package io.github.r2dbcsession.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Tells by how a string begins whose grammar it is in. */
final class Families {

    private static final int LONGEST = 16_384;
    private static final Pattern SQLALCHEMY = Pattern.compile("postgresql\\+(\\w+)://(.*)", Pattern.DOTALL);
    private static final Pattern KEYWORD = Pattern.compile("\\s*[A-Za-z_][\\w.]*\\s*=.*", Pattern.DOTALL);

    private Families() {}

    static Stated read(String text) {
        checkCharacters("connection string", text);
        Matcher sqlAlchemy = SQLALCHEMY.matcher(text);
        if (text.startsWith("postgresql://")) {
            return LibpqUri.read(new Stated(Family.LIBPQ_URI), text.substring("postgresql://".length()));
        } else if (text.startsWith("postgres://")) {
            return LibpqUri.read(new Stated(Family.LIBPQ_URI), text.substring("postgres://".length()));
        } else if (text.startsWith(JdbcUrl.PREFIX)) {
            return JdbcUrl.read(text.substring(JdbcUrl.PREFIX.length()));
        } else if (sqlAlchemy.matches()) {
            return SqlAlchemyUrl.read(sqlAlchemy.group(1), sqlAlchemy.group(2));
        } else if (text.startsWith("r2dbc:") || text.startsWith("r2dbcs:")) {
            return R2dbcUrl.read(text);
        } else if (KEYWORD.matcher(text).matches()) {
            return LibpqKeywords.read(text);
        }
        throw new InvalidConnectionStringException(
                "scheme",
                "must be postgresql://, postgres://, jdbc:postgresql:, postgresql+driver://, r2dbc:postgresql: or r2dbcs:postgresql:,"
                        + " or the string must have the form name=value");
    }

    static void checkCharacters(String part, String text) {
        if (text.length() > LONGEST) {
            throw new InvalidConnectionStringException(part, "must not be longer than " + LONGEST + " characters");
        }
        if (text.indexOf('\0') >= 0) {
            throw new InvalidConnectionStringException(part, "must not have a NUL character");
        }
        if (!Percent.isUnicode(text)) {
            throw new InvalidConnectionStringException(part, "must be whole Unicode characters");
        }
    }
}
