package io.github.r2dbcsession.config;

import java.util.Optional;

/** Reads what follows the {@code //} of a libpq URI; an R2DBC URL's host, port and database follow the same rules. */
final class LibpqUri {

    /** Hosts and ports as libpq joins them, with commas and without brackets, and what comes after. */
    record Location(String hosts, String ports, String database, String query) {}

    private LibpqUri() {}

    static Stated read(String text) {
        Stated stated = new Stated(Family.LIBPQ_URI);
        Location location = readInto(stated, text);
        readParameters(stated, location.query());
        return stated;
    }

    /** States user, password, host, port and dbname; the query is left to the caller. */
    static Location readInto(Stated stated, String text) {
        Authority<Location> authority = Authority.split(text, ownersAt(text), LibpqUri::locate);
        authority.stateUserinfo(stated, LibpqUri::credential);
        Location location = authority.location();
        if (!location.hosts().isEmpty()) {
            stated.field("host", location.hosts());
        }
        if (!location.ports().isEmpty()) {
            stated.field("port", location.ports());
        }
        if (!location.database().isEmpty()) {
            stated.field("dbname", token(location.database(), "dbname"));
        }
        return location;
    }

    private static int ownersAt(String text) {
        int at = text.indexOf('@');
        int slash = text.indexOf('/');
        return slash >= 0 && slash < at ? -1 : at;
    }

    private static Optional<Location> locate(String rest) {
        StringBuilder hosts = new StringBuilder();
        StringBuilder ports = new StringBuilder();
        int at = 0;
        while (true) {
            int end;
            if (rest.startsWith("[", at)) {
                int bracket = rest.indexOf(']', at);
                end = bracket + 1;
                if (bracket <= at + 1 || (end < rest.length() && ":/?,".indexOf(rest.charAt(end)) < 0)) {
                    return Optional.empty();
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

    private static Optional<Location> location(String rawHosts, String rawPorts, String tail) {
        String hosts;
        String ports;
        try {
            hosts = token(rawHosts, "host");
            ports = token(rawPorts, "port");
        } catch (InvalidConnectionStringException insane) {
            return Optional.empty();
        }
        if (rawHosts.indexOf('@') >= 0) {
            return Optional.empty();
        }
        for (String host : hosts.split(",", -1)) {
            if (!HostRules.isSane(host) && !host.startsWith("@")) {
                return Optional.empty();
            }
        }
        for (String port : ports.split(",", -1)) {
            if (!HostRules.isSanePort(port)) {
                return Optional.empty();
            }
        }
        int question = tail.indexOf('?');
        String path = question < 0 ? tail : tail.substring(0, question);
        String database = path.isEmpty() ? "" : path.substring(1);
        return Optional.of(new Location(hosts, ports, database, question < 0 ? "" : tail.substring(question + 1)));
    }

    /** States the parameters of a query. */
    static void readParameters(Stated stated, String query) {
        for (int start = 0; start < query.length(); ) {
            int end = indexOfAny(query, "&", start);
            String piece = query.substring(start, end);
            int equals = piece.indexOf('=');
            if (equals < 0 || piece.indexOf('=', equals + 1) >= 0) {
                throw new InvalidConnectionStringException(
                        "parameter " + (stated.parameters.size() + 1),
                        "must be name=value; write a = in the value as %3D and an & as %26");
            }
            String name = token(piece.substring(0, equals), "parameter name");
            String value = token(piece.substring(equals + 1), "parameter value");
            boolean libpqSsl = stated.family == Family.LIBPQ_URI && name.equals("ssl") && value.equals("true");
            stated.parameter(piece, libpqSsl ? "sslmode" : name, libpqSsl ? "require" : value);
            start = end + 1;
        }
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
        if (token.chars().anyMatch(LibpqUri::isBlank)) {
            throw new InvalidConnectionStringException(part, "must not have blanks; write one as %20");
        }
        return Percent.decode(token, part);
    }

    /** Decodes a user name or password: as libpq does, and where libpq refuses, every blank and stray {@code %} is itself. */
    private static String credential(String text) {
        try {
            return token(text, "user or password");
        } catch (InvalidConnectionStringException refused) {
            return Percent.decodeLeniently(text, "user or password");
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
