package io.github.r2dbcsession.config;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads an R2DBC URL: option names of R2DBC and its driver, libpq's rules for host, port and database. */
final class R2dbcUrl {

    private static final Pattern URL =
            Pattern.compile("r2dbc(s?):(pool:)?(postgresql|postgres)(:failover)?://(.*)", Pattern.DOTALL);

    private R2dbcUrl() {}

    static Stated read(String text) {
        Matcher url = URL.matcher(text);
        if (!url.matches()) {
            throw new InvalidConnectionStringException(
                    "scheme",
                    "must be r2dbc:postgresql:// or r2dbcs:postgresql://, of several hosts with :failover before the //");
        }
        if (url.group(2) != null) {
            throw new InvalidConnectionStringException(
                    "scheme", "a pool inside a pool; drop pool: and its options and use PoolSettings");
        }
        Stated stated = new Stated(Family.R2DBC);
        if (!url.group(1).isEmpty()) {
            stated.field("ssl", "true");
        }
        return LibpqUri.read(stated, url.group(5));
    }
}
