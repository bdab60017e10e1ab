package io.github.r2dbcsession.config;

import java.util.Random;

/** Makes connection strings for libpq at random from awkward pieces, and spoils some of them. */
final class RandomLibpqStrings {

    private static final String[] USERS = {"u", "u", "app-1", "ü", "u%40corp", "u@corp", "%75", "50%", "a b", "", "%E4"
    };
    private static final String[] PASSWORDS = {
        "p",
        "p[q",
        "p]q",
        "p@q",
        "p/q",
        "p:q",
        "p?q",
        "p#q",
        "p+q",
        "p q",
        "p%q",
        "p%25q",
        "%zz",
        "1/2",
        "€",
        " x ",
        "%00",
        "%E4",
        "@",
        "",
        "a[b]c@:/#?%+ d",
        "p'q",
        "p\\q"
    };
    private static final String[] HOSTS = {
        "h",
        "h",
        "db.example.com",
        "127.0.0.1",
        "[::1]",
        "[fe80::1%25eth0]",
        "my_host",
        "H-1",
        "",
        "%2Fvar%2Frun",
        " h ",
        "h x",
        "%40a",
        "b%40db",
        "[::1",
        "h%"
    };
    private static final String[] PORTS = {
        "", "", "", ":5432", ":5433", ":0", ":65535", ":65536", ":x", ":", ":05432", ":+1", ": 7 ", ":-1", ":%35"
    };
    private static final String[] DATABASES = {
        "", "/", "/d", "/d", "/a%20b", "/a+b", "/a/b", "/d%", "/d#x", "/d@x", "//", "/ d ", "/a b", "/%E4", "/%00", "/ü"
    };
    private static final String[] NAMES = {
        "host",
        "port",
        "user",
        "password",
        "dbname",
        "sslmode",
        "sslmode",
        "application_name",
        "fallback_application_name",
        "connect_timeout",
        "connect_timeout",
        "options",
        "keepalives",
        "keepalives_idle",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "sslpassword",
        "sslsni",
        "sslcertmode",
        "sslnegotiation",
        "sslcompression",
        "sslcrl",
        "ssl_min_protocol_version",
        "ssl_max_protocol_version",
        "channel_binding",
        "require_auth",
        "requirepeer",
        "gssencmode",
        "krbsrvname",
        "client_encoding",
        "target_session_attrs",
        "load_balance_hosts",
        "replication",
        "min_protocol_version",
        "max_protocol_version",
        "passfile",
        "tcp_user_timeout",
        "hostaddr",
        "requiressl",
        "ssl",
        "nope",
        "sslMode",
        ""
    };
    private static final String[] VALUES = {
        "",
        "0",
        "1",
        "2",
        "-1",
        " 10 ",
        "1s",
        "2147483647",
        "2147483648",
        "true",
        "false",
        "require",
        "VERIFY-FULL",
        "verify_ca",
        "prefer",
        "disable",
        "allow",
        "any",
        "primary",
        "read-write",
        "prefer-standby",
        "random",
        "direct",
        "postgres",
        "system",
        "ca.pem",
        "/x/y",
        "a,b",
        "::1",
        "10.0.0.1",
        "10.0.0.1,10.0.0.2",
        "5433",
        "1,2",
        "70000",
        "UTF8",
        "LATIN1",
        "auto",
        "TLSv1.2",
        "TLSv1.3",
        "3.0",
        "3.2",
        "latest",
        "md5",
        "scram-sha-256,!md5",
        "a+b",
        "a%20b",
        "a@b",
        "a=b",
        "%zz",
        "%00",
        "x'y",
        "x\\y",
        "-c a=b",
        "-c%20a%3Db",
        "--a-b=c",
        "-d3",
        "ü"
    };
    private static final String[] PAIRS = {
        "sslmode=require",
        "sslmode=Verify_CA",
        "application_name=a%20b",
        "application_name=a+b",
        "connect_timeout=10",
        "connect_timeout= 7 ",
        "connect_timeout=1s",
        "keepalives=0",
        "keepalives=2",
        "sslsni=0",
        "sslsni=1",
        "options=-ca%3Db",
        "options=--a-b%3Dc",
        "user=v",
        "user=",
        "password=x%26y",
        "host=i",
        "host=i,j",
        "host=/run",
        "port=7",
        "port=7,8",
        "port=0",
        "dbname=e",
        "hostaddr=10.0.0.1",
        "sslpassword=s",
        "target_session_attrs=primary",
        "load_balance_hosts=random",
        "sslnegotiation=direct&sslmode=require",
        "sslnegotiation=direct",
        "sslcert=c&sslkey=k",
        "sslrootcert=ca.pem",
        "sslrootcert=system",
        "sslcertmode=disable",
        "ssl_min_protocol_version=TLSv1.2",
        "ssl_max_protocol_version=tlsv1.3",
        "channel_binding=prefer",
        "channel_binding=require",
        "gssencmode=disable",
        "client_encoding=UTF8",
        "require_auth=scram-sha-256",
        "replication=false",
        "min_protocol_version=3.0",
        "ssl=true",
        "ssl=1",
        "requiressl=1",
        "sslmode=",
        "nope=1",
        "fallback_application_name=f",
        "tcp_user_timeout=3",
        "sslcompression=0",
        "krbsrvname=x"
    };
    private static final String NOISE = "@:/?#[]%+ ,&='\\u5\tü=";

    private final Random random;

    RandomLibpqStrings(long seed) {
        this.random = new Random(seed);
    }

    String uri() {
        StringBuilder uri = new StringBuilder(chance(2) ? "postgresql://" : "postgres://");
        if (!chance(3)) {
            uri.append(one(USERS));
            uri.append(chance(4) ? "" : ":" + one(PASSWORDS)).append('@');
        }
        int hosts = chance(4) ? 2 : 1;
        for (int i = 0; i < hosts; i++) {
            uri.append(i == 0 ? "" : ",").append(one(HOSTS)).append(one(PORTS));
        }
        uri.append(one(DATABASES));
        int parameters = random.nextInt(3);
        for (int i = 0; i < parameters; i++) {
            uri.append(i == 0 ? '?' : '&')
                    .append(one(NAMES))
                    .append(chance(20) ? "" : "=")
                    .append(one(VALUES));
        }
        return spoiled(uri, "postgresql://".length());
    }

    String keywords() {
        StringBuilder text =
                new StringBuilder("host=").append(one(HOSTS).strip().replace(' ', '_'));
        int parameters = 1 + random.nextInt(4);
        for (int i = 0; i < parameters; i++) {
            String[] pair = one(PAIRS)
                    .replaceAll("&.*", "")
                    .replace("%20", " ")
                    .replace("%3D", "=")
                    .split("=", 2);
            boolean wild = chance(5);
            String name = wild ? one(NAMES) : chance(4) ? "password" : pair[0];
            String value = wild ? one(VALUES) : name.equals("password") ? one(PASSWORDS) : pair[1];
            text.append(chance(8) ? "\t" : " ").append(name).append(chance(6) ? " = " : "=");
            text.append(
                    switch (random.nextInt(8)) {
                        case 0 -> value;
                        case 1 -> value.replaceAll("[\\\\' ]", "\\\\$0");
                        case 2 -> "'" + value;
                        default -> "'" + value.replaceAll("[\\\\']", "\\\\$0") + "'";
                    });
        }
        return spoiled(text, "host=".length());
    }

    /** Puts, drops or swaps a character behind the start that tells the family, in one string of five. */
    private String spoiled(StringBuilder text, int start) {
        if (chance(5) && text.length() > start) {
            int at = start + random.nextInt(text.length() - start);
            char noise = NOISE.charAt(random.nextInt(NOISE.length()));
            switch (random.nextInt(3)) {
                case 0 -> text.insert(at, noise);
                case 1 -> text.deleteCharAt(at);
                default -> text.setCharAt(at, noise);
            }
        }
        return text.toString();
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    private String one(String... pieces) {
        return pieces[random.nextInt(pieces.length)];
    }
}
