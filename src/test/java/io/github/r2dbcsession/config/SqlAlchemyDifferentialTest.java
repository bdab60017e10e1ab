package io.github.r2dbcsession.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.StringJoiner;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** Compares with SQLAlchemy's own reading, and what its dialects hand to their drivers, where Python has it. */
class SqlAlchemyDifferentialTest {

    private static final long SEED = 20261121;
    private static final int URLS = System.getProperty("scale", "commit").equals("commit") ? 2_000 : 20_000;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern INSANE = Pattern.compile("[@/?#\\[\\]:\\s]|^$");

    private static final String READER = """
            import json, sys
            from sqlalchemy.engine import make_url
            def read(text):
                try:
                    url = make_url(text)
                    return url.get_dialect()().create_connect_args(url)[1]
                except Exception:
                    return None
            json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
            """;

    private static final String[] DIALECTS = {"psycopg2", "psycopg", "asyncpg"};
    private static final String[] USERINFO = {
        "",
        "u@",
        "u:p@",
        "u:p%40q@",
        "u%40x:p@",
        "u:p+q@",
        "u:p[q@",
        "u:50%@",
        "u:@",
        "u:p:q@",
        "u:p q@",
        "u:p@q@",
        "u:p/q@",
        "u@x:p@"
    };
    private static final String[] HOSTS = {
        "h", "h", "db.example.com", "127.0.0.1", "[::1]", "my_host", "", "h x", "b@db"
    };
    private static final String[] PORTS = {"", "", ":5433", ":0", ":70000", ":x", ":"};
    private static final String[] DATABASES = {"", "/", "/d", "/d", "/a%20b", "/a+b", "/a/b", "/d%", "/d@x"};
    private static final String[] PARAMETERS = {
        "application_name=a+b",
        "application_name=a%2Bb",
        "application_name=x",
        "application_name=a=b",
        "host=i",
        "host=i:1",
        "host=i&host=j",
        "host=i:1&host=j:2",
        "host=i,j&port=1,2",
        "host=/run",
        "sslrootcert=ca.pem",
        "application_name",
        "application_name="
    };

    private final Random random = new Random(SEED);

    @Test
    void readsWhatSqlAlchemyReadsSanely() throws IOException, InterruptedException {
        assumeTrue(hasSqlAlchemy(), "Python has no SQLAlchemy");
        List<String> urls = Stream.generate(this::url).limit(URLS).toList();
        JsonNode theirs = ask(urls);
        List<String> differences = new ArrayList<>();
        int compared = 0;
        for (int i = 0; i < urls.size(); i++) {
            String expected = told(theirs.get(i));
            String ours = ours(urls.get(i));
            if (expected.isEmpty()) {
                if (!ours.isEmpty() && urls.get(i).indexOf('@') < 0 && !isReadByRule(urls.get(i))) {
                    differences.add(urls.get(i) + "\n   ours " + ours + "\n   refused or insane there");
                }
            } else if (!ours.equals(expected) && !isRefusedByRule(urls.get(i), ours)) {
                differences.add(urls.get(i) + "\n   ours " + ours + "\n   SQLAlchemy " + expected);
            } else {
                compared++;
            }
        }
        assertThat(differences.stream().limit(20))
                .as("%d differences", differences.size())
                .isEmpty();
        assertThat(compared).isGreaterThan(URLS / 10);
    }

    /**
     * What SQLAlchemy lets pass and rules refuse: a port that cannot be, which it forgets when it is 0 or when host= stands in the query
     * (1), a stray per cent outside user and password (3), a parameter that is there twice (8).
     */
    private static boolean isRefusedByRule(String url, String ours) {
        boolean port = url.matches(".*:(0|70000)\\b.*");
        boolean percent = url.matches(".*/d%(\\?.*)?");
        boolean twice = url.matches(".*(application_name|sslrootcert).*&\\1=.+");
        return (ours.isEmpty() && (percent || twice)) || port;
    }

    /** What SQLAlchemy refuses and a rule reads: several hosts for asyncpg without a port for each (6). */
    private static boolean isReadByRule(String url) {
        return url.startsWith("postgresql+asyncpg:") && url.matches(".*[?&]host=.*[,&].*");
    }

    private static boolean hasSqlAlchemy() throws IOException, InterruptedException {
        try {
            Process python = new ProcessBuilder("python3", "-c", "import sqlalchemy")
                    .redirectErrorStream(true)
                    .start();
            python.getInputStream().readAllBytes();
            if (python.waitFor() == 0) {
                return true;
            }
        } catch (IOException noPython) {
            // the line below tells
        }
        System.out.println("SQLAlchemy is not there: its reading of URLs is not compared");
        return false;
    }

    private static JsonNode ask(List<String> urls) throws IOException {
        Process python = new ProcessBuilder("python3", "-c", READER)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (var in = python.getOutputStream()) {
            JSON.writeValue(in, urls);
        }
        return JSON.readTree(python.getInputStream());
    }

    /** What SQLAlchemy hands to the driver, empty when it refuses or when a host or a port is insane. */
    private static String told(JsonNode theirs) {
        if (theirs.isNull()) {
            return "";
        }
        List<String> names = list(theirs.path("host"));
        List<String> ports = list(theirs.path("port"));
        StringJoiner hosts = new StringJoiner(",");
        for (int i = 0; i < Math.max(1, names.size()); i++) {
            String name = names.isEmpty() ? "localhost" : names.get(i);
            String port = ports.isEmpty() ? "" : ports.get(Math.min(i, ports.size() - 1));
            boolean sane = name.startsWith("/")
                    || name.equals("::1")
                    || !INSANE.matcher(name).find();
            int number = port.isEmpty() ? 5432 : Integer.parseInt(port);
            if (!sane || number < 1 || number > 65_535) {
                return "";
            }
            hosts.add(name + ":" + number);
        }
        return line(
                hosts.toString(),
                theirs.path("user").asText(),
                theirs.path("password").asText(),
                theirs.path("dbname").asText(theirs.path("database").asText()),
                theirs.path("application_name").asText(),
                theirs.path("sslrootcert").asText());
    }

    private static List<String> list(JsonNode node) {
        return node.isArray()
                ? StreamSupport.stream(node.spliterator(), false)
                        .map(JsonNode::asText)
                        .toList()
                : node.isMissingNode() || node.asText().isEmpty()
                        ? List.of()
                        : List.of(node.asText().split(",", -1));
    }

    private static String ours(String url) {
        try {
            ConnectionString ours = ConnectionString.parse(url);
            StringJoiner hosts = new StringJoiner(",");
            ours.hosts().forEach(host -> hosts.add(host.host() + ":" + host.port()));
            return line(
                    hosts.toString(),
                    ours.user().orElse(""),
                    ours.password().map(Secret::reveal).orElse(""),
                    ours.database().orElse(""),
                    ours.applicationName().orElse(""),
                    ours.options().getOrDefault("sslrootcert", ""));
        } catch (InvalidConnectionStringException refused) {
            return "";
        }
    }

    private static String line(String... fields) {
        return String.join("|", fields);
    }

    private String url() {
        StringBuilder url =
                new StringBuilder("postgresql+").append(one(DIALECTS)).append("://");
        url.append(one(USERINFO)).append(one(HOSTS)).append(one(PORTS)).append(one(DATABASES));
        List<String> parameters = Stream.generate(() -> one(PARAMETERS))
                .limit(random.nextInt(3))
                .distinct()
                .toList();
        url.append(parameters.isEmpty() ? "" : "?").append(String.join("&", parameters));
        return url.toString();
    }

    private String one(String... pieces) {
        return pieces[random.nextInt(pieces.length)];
    }
}
