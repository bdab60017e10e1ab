package io.github.r2dbcsession.cli;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.HostAndPort;
import io.github.r2dbcsession.config.Secret;
import io.github.r2dbcsession.config.SslMode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a connection string became, for programs and for people.
 *
 * @param revealed whether passwords are written out
 */
record Conversion(ConnectionString string, boolean revealed) {

    /** The fields in the order of the JSON answer; null for what is not stated. */
    Map<String, @Nullable Object> toMap() {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("hosts", string.hosts().stream().map(this::host).toList());
        fields.put("user", string.user().orElse(null));
        fields.put("password", string.password().map(this::secret).orElse(null));
        fields.put("database", string.database().orElse(null));
        Map<String, String> options = new TreeMap<>(string.options());
        string.sslPassword().ifPresent(password -> options.put("sslpassword", secret(password)));
        fields.put("options", options);
        fields.put("warnings", string.warnings());
        return fields;
    }

    private Map<String, @Nullable Object> host(HostAndPort host) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("host", string.hostStated() ? host.host() : null);
        fields.put("port", host.port());
        return fields;
    }

    private String secret(Secret secret) {
        return revealed ? secret.reveal() : secret.toString();
    }

    /** A table of a few lines. */
    String toText() {
        SslMode mode = string.sslMode();
        List<String> lines = new ArrayList<>();
        lines.add("before    " + string.source());
        lines.add("after     " + (revealed ? string.toUri() : string.toString()));
        lines.add("sslmode   " + mode + ": " + mode.meaning());
        string.warnings().forEach(warning -> lines.add("warning   " + warning));
        return String.join(System.lineSeparator(), lines);
    }
}
