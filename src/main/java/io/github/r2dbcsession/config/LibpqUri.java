package io.github.r2dbcsession.config;

/** Reads what follows the {@code //} of a libpq URI; an R2DBC URL's host, port and database follow the same rules. */
final class LibpqUri {

    /** Hosts and ports as libpq joins them, with commas and without brackets, and what comes after. */
    private record Location(String hosts, String ports, String database, QueryString query) {}

    private static final String CREDENTIAL = "user or password";

    private LibpqUri() {}

    /** Reads what follows the {@code //} into what is stated. */
    static Stated read(Stated stated, String text) {
        Authority<Location> authority = Authority.split(text, ownersAt(text), LibpqUri::locate);
        authority.stateUserinfo(
                stated, authority.holdsParameter() ? part -> token(part, CREDENTIAL) : LibpqUri::credential);
        Location location = authority.location();
        stated.field("host", location.hosts());
        stated.field("port", location.ports());
        stated.field("dbname", location.database());
        for (QueryString.Piece piece : location.query().pieces()) {
            boolean libpqSsl = stated.family == Family.LIBPQ_URI
                    && piece.name().equals("ssl")
                    && piece.value().equals("true");
            stated.parameter(piece.text(), libpqSsl ? "sslmode" : piece.name(), libpqSsl ? "require" : piece.value());
        }
        return stated;
    }

    private static int ownersAt(String text) {
        int at = text.indexOf('@');
        int slash = text.indexOf('/');
        return slash >= 0 && slash < at ? -1 : at;
    }

    private static Location locate(String rest) {
        StringBuilder hosts = new StringBuilder();
        StringBuilder ports = new StringBuilder();
        int at = 0;
        while (true) {
            int end;
            if (rest.startsWith("[", at)) {
                int bracket = rest.indexOf(']', at);
                end = bracket + 1;
                if (bracket <= at + 1 || (end < rest.length() && ":/?,".indexOf(rest.charAt(end)) < 0)) {
                    throw new InvalidConnectionStringException(
                            "host", "an IPv6 address must stand in [ ] with : / ? , or nothing behind");
                }
                hosts.append(rest, at + 1, bracket);
            } else {
                end = indexOfAny(rest, ":/?,", at);
                hosts.append(rest, at, end);
            }
            if (rest.startsWith(":", end)) {
                int port = end + 1;
                end = indexOfAny(rest, "/?,", port);
                ports.append(rest, port, end);
            }
            if (!rest.startsWith(",", end)) {
                return location(hosts.toString(), ports.toString(), rest.substring(end));
            }
            hosts.append(',');
            ports.append(',');
            at = end + 1;
        }
    }

    private static Location location(String rawHosts, String rawPorts, String tail) {
        int question = tail.indexOf('?');
        QueryString query = QueryString.read(
                question < 0 ? "" : tail.substring(question + 1), QueryString.Form.STRICT, LibpqUri::token);
        String hosts = token(rawHosts, "host");
        String ports = token(rawPorts, "port");
        if (rawHosts.indexOf('@') >= 0 && query.value("host").isEmpty()) {
            throw new InvalidConnectionStringException("host", HostRules.SANE);
        }
        HostRules.checkSane(
                query.value("host").orElse(hosts), query.value("port").orElse(ports));
        String path = question < 0 ? tail : tail.substring(0, question);
        return new Location(hosts, ports, path.isEmpty() ? "" : token(path.substring(1), "dbname"), query);
    }

    /** Decodes as libpq does: blanks around are dropped, blanks within are an error. */
    static String token(String text, String part) {
        int start = 0;
        int end = text.length();
        while (start < end && text.charAt(start) == ' ') {
            start++;
        }
        while (end > start && text.charAt(end - 1) == ' ') {
            end--;
        }
        String token = text.substring(start, end);
        if (token.indexOf(' ') >= 0) {
            throw new InvalidConnectionStringException(part, "must not have blanks; write one as %20");
        }
        return Percent.decode(token, part);
    }

    /** Decodes a user name or password: as libpq does, and where libpq refuses, every blank and stray {@code %} is itself. */
    private static String credential(String text) {
        try {
            return token(text, CREDENTIAL);
        } catch (InvalidConnectionStringException refused) {
            return Percent.decodeLeniently(text, CREDENTIAL);
        }
    }

    /** Whether C's {@code isspace} holds. */
    static boolean isBlank(int character) {
        return character == ' ' || (character >= '\t' && character <= '\r');
    }

    private static int indexOfAny(String text, String characters, int from) {
        for (int i = from; i < text.length(); i++) {
            if (characters.indexOf(text.charAt(i)) >= 0) {
                return i;
            }
        }
        return text.length();
    }
}
