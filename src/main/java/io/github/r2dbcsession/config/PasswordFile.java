package io.github.r2dbcsession.config;

import java.util.List;
import java.util.Optional;

/** libpq's password file: lines of {@code host:port:database:user:password}, {@code *} for any, a backslash before what is meant as it is. */
final class PasswordFile {

    private PasswordFile() {}

    /**
     * The password for hosts, empty when there is none.
     *
     * @param hosts with commas, empty for localhost
     * @param ports with commas, one for all hosts or one for each
     */
    static Optional<String> password(List<String> lines, String hosts, String ports, String database, String user) {
        if (user.isEmpty()) {
            return Optional.empty();
        }
        String[] host = hosts.split(",", -1);
        String[] port = ports.split(",", -1);
        Optional<String> password = Optional.empty();
        for (int i = 0; i < host.length; i++) {
            String number = port[Math.min(i, port.length - 1)];
            List<String> wanted = List.of(
                    host[i].isEmpty() ? HostAndPort.LOCALHOST : host[i],
                    number.isEmpty() ? String.valueOf(HostAndPort.DEFAULT_PORT) : number,
                    database,
                    user);
            Optional<String> own = lines.stream()
                    .filter(line -> !line.startsWith("#"))
                    .flatMap(line -> match(line, wanted).stream())
                    .findFirst();
            if (i > 0 && !own.equals(password)) {
                throw new InvalidConnectionStringException(
                        "passfile", "has not the same password for every host; state the password");
            }
            password = own;
        }
        return password.filter(text -> !text.isEmpty());
    }

    /** The password of a line whose four fields are the wanted ones. */
    private static Optional<String> match(String line, List<String> wanted) {
        int at = 0;
        for (String field : wanted) {
            at = line.startsWith("*:", at) ? at + 2 : behind(line, at, field);
            if (at < 0) {
                return Optional.empty();
            }
        }
        return Optional.of(line.substring(at).replaceAll("\\\\(.?)", "$1"));
    }

    /** Where the text goes on behind a field and its colon, -1 when another field stands there. */
    private static int behind(String line, int from, String field) {
        int at = from;
        for (int i = 0; i < field.length(); i++, at++) {
            if (line.startsWith("\\", at)) {
                at++;
            }
            if (at >= line.length() || line.charAt(at) != field.charAt(i)) {
                return -1;
            }
        }
        return line.startsWith(":", at) ? at + 1 : -1;
    }
}
