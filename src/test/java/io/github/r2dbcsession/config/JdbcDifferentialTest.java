package io.github.r2dbcsession.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.Driver;

/** Compares with pgjdbc's own reading of URLs made at random from awkward pieces. */
class JdbcDifferentialTest {

    private static final Logger PGJDBC = Logger.getLogger("org.postgresql");
    private static final long SEED = 20261121;
    private static final int URLS = 20_000;

    private static final String[] HOSTS = {
        "h", "db.example.com", "127.0.0.1", "[::1]", "", "my_host", "H-1", "b@db", "u:p@db", "h x", "[fe80::1]"
    };
    private static final String[] PORTS = {"", ":5432", ":5433", ":0", ":70000", ":x", ":", ":05432"};
    private static final String[] DATABASES = {"", "/", "/d", "/a%20b", "/a+b", "/a/b", "/d%", "/d#x", "/d@x", "//"};
    private static final String[] PARAMETERS = {
        "user=u",
        "user=u%40x",
        "password=p+q",
        "password=p%2Bq",
        "password=a=b",
        "sslmode=require",
        "sslmode=VERIFY-FULL",
        "ApplicationName=a+b",
        "connectTimeout=3",
        "user",
        "",
        "ssl=true",
        "PGHOST=x",
        "PGPORT=1",
        "PGDBNAME=y",
        "user=%zz",
        "currentSchema=s",
        "user=a&user=b"
    };

    private final Random random = new Random(SEED);

    @BeforeAll
    static void silencePgjdbc() {
        PGJDBC.setLevel(Level.OFF);
    }

    @AfterAll
    static void letPgjdbcSpeak() {
        PGJDBC.setLevel(null);
    }

    @Test
    void readsWhatPgjdbcReadsSanely() {
        int compared = 0;
        int repaired = 0;
        for (int i = 0; i < URLS; i++) {
            String url = url();
            Properties theirs = Driver.parseURL(url, null);
            Optional<ConnectionString> ours = parse(url);
            if (theirs == null || !isSane(theirs)) {
                repaired += ours.isPresent() ? 1 : 0;
                assertThat(theirs == null && ours.isPresent() && url.indexOf('@') < 0)
                        .as("read %s, which pgjdbc refuses", url)
                        .isFalse();
                continue;
            }
            assertThat(ours.map(JdbcDifferentialTest::told)).as(url).contains(told(theirs));
            compared++;
        }
        assertThat(compared).isGreaterThan(URLS / 20);
        assertThat(repaired).isPositive();
    }

    private static Optional<ConnectionString> parse(String url) {
        try {
            return Optional.of(ConnectionString.parse(url));
        } catch (InvalidConnectionStringException refused) {
            return Optional.empty();
        }
    }

    private static boolean isSane(Properties theirs) {
        String host = theirs.getProperty("PGHOST");
        if (theirs.getProperty("PGPORT").endsWith(",")) {
            return false; // pgjdbc counts such a list one short
        }
        if (host.contains(",") && host.contains("::")) {
            return false; // the driver cannot serve an IPv6 address among several hosts, so it is refused
        }
        try {
            HostRules.checkSane(host.replaceAll("[\\[\\]]", ""), theirs.getProperty("PGPORT"));
            return true;
        } catch (InvalidConnectionStringException insane) {
            return false;
        }
    }

    private static List<String> told(Properties theirs) {
        String[] hosts = theirs.getProperty("PGHOST").replaceAll("[\\[\\]]", "").split(",", -1);
        String[] ports = theirs.getProperty("PGPORT").split(",", -1);
        List<String> told = new ArrayList<>();
        for (int i = 0; i < hosts.length; i++) {
            told.add(new HostAndPort(hosts[i].isEmpty() ? "localhost" : hosts[i], Integer.parseInt(ports[i]))
                    .toString());
        }
        for (String name : List.of("user", "password", "ApplicationName", "connectTimeout", "currentSchema")) {
            told.add(name + "=" + theirs.getProperty(name, ""));
        }
        String database = theirs.getProperty("PGDBNAME", "");
        told.add("database=" + (database.isEmpty() ? theirs.getProperty("user", "") : database));
        return told;
    }

    private static List<String> told(ConnectionString ours) {
        List<String> told =
                ours.hosts().stream().map(HostAndPort::toString).collect(Collectors.toCollection(ArrayList::new));
        told.add("user=" + ours.user().orElse(""));
        told.add("password=" + ours.password().map(Secret::reveal).orElse(""));
        told.add("ApplicationName=" + ours.applicationName().orElse(""));
        told.add("connectTimeout=" + ours.options().getOrDefault("connect_timeout", ""));
        told.add("currentSchema=" + ours.options().getOrDefault("currentSchema", ""));
        told.add("database="
                + ours.database().or(ours::user).orElse("")); // pgjdbc fills in what the server takes anyway
        return told;
    }

    private String url() {
        StringBuilder url = new StringBuilder("jdbc:postgresql:");
        if (random.nextInt(10) > 0) {
            url.append("//");
            int hosts = random.nextInt(5) == 0 ? 2 : 1;
            for (int i = 0; i < hosts; i++) {
                url.append(i == 0 ? "" : ",").append(one(HOSTS)).append(one(PORTS));
            }
        }
        url.append(one(DATABASES));
        int parameters = random.nextInt(4);
        for (int i = 0; i < parameters; i++) {
            url.append(i == 0 ? '?' : '&').append(one(PARAMETERS));
        }
        return url.toString();
    }

    private String one(String... pieces) {
        return pieces[random.nextInt(pieces.length)];
    }
}
