package io.github.r2dbcsession.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads a SQLAlchemy URL. */
final class SqlAlchemyUrl {

    /** What follows the userinfo. */
    private record Location(String host, String port, String database, QueryString query) {}

    private SqlAlchemyUrl() {}

    /**
     * Reads a URL.
     *
     * @param dialect the word after {@code postgresql+}
     * @param text what follows the {@code //}
     */
    static Stated read(String dialect, String text) {
        Stated stated = new Stated(Family.SQLALCHEMY, dialect);
        Authority<Location> authority = Authority.split(text, ownersAt(text), SqlAlchemyUrl::locate);
        authority.stateUserinfo(stated, part -> Percent.decodeLeniently(part, "user or password"));
        Location location = authority.location();
        stated.field("host", location.host());
        stated.field("port", location.port());
        stated.field("dbname", location.database());
        query(stated, location.query());
        return stated;
    }

    /** The {@code @} before which SQLAlchemy sees user and password: the first after a colon, else the last before a slash. */
    private static int ownersAt(String text) {
        int end = 0;
        while (end < text.length() && text.charAt(end) != ':' && text.charAt(end) != '/') {
            end++;
        }
        int afterColon = end < text.length() && text.charAt(end) == ':' ? text.indexOf('@', end) : -1;
        return afterColon >= 0 ? afterColon : text.substring(0, end).lastIndexOf('@');
    }

    private static Location locate(String rest) {
        int question = rest.indexOf('?');
        String server = question < 0 ? rest : rest.substring(0, question);
        int slash = server.indexOf('/');
        String address = slash < 0 ? server : server.substring(0, slash);
        int bracket = address.startsWith("[") ? address.lastIndexOf(']') : -1;
        int colon = address.indexOf(':', Math.max(bracket, 0));
        String host = colon < 0 ? address : address.substring(0, colon);
        String port = colon < 0 ? "" : address.substring(colon + 1);
        if (bracket > 1 && bracket == host.length() - 1) {
            host = host.substring(1, bracket);
        }
        QueryString query = QueryString.read(
                question < 0 ? "" : rest.substring(question + 1),
                QueryString.Form.LOOSE,
                (text, part) -> Percent.decode(text.replace('+', ' '), part));
        HostRules.checkSane(query.value("host").isPresent() ? "" : host, port);
        if (colon >= 0 && port.isEmpty()) {
            throw new InvalidConnectionStringException("port", "a port must follow the colon behind the host");
        }
        String database = slash < 0 ? "" : server.substring(slash + 1);
        return new Location(host, port, Percent.decode(database, "database"), query);
    }

    private static void query(Stated stated, QueryString query) {
        List<String> hosts = new ArrayList<>();
        List<String> ports = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (QueryString.Piece piece : query.pieces()) {
            String name = piece.name();
            if (piece.value().isEmpty()) {
                stated.warnings.add("parameter: one without a value is dropped, as SQLAlchemy does");
            } else if (name.equals("host")) {
                hosts.add(piece.value());
            } else if (name.equals("port")) {
                ports.add(piece.value());
            } else if (seen.add(name)) {
                stated.parameter(piece.text(), name, piece.value());
            } else {
                throw new InvalidConnectionStringException(
                        "parameter " + (stated.parameters.size() + 1), "is there twice; only host and port may be");
            }
        }
        hosts(stated, hosts, ports);
    }

    /** States {@code host=h1:5432&host=h2}, {@code host=h1,h2&port=1,2} and their kin. */
    private static void hosts(Stated stated, List<String> hosts, List<String> ports) {
        List<String> names = new ArrayList<>();
        List<String> numbers = new ArrayList<>();
        for (String host : String.join(",", hosts).split(",", 0)) {
            int colon = host.indexOf(':');
            boolean hasPort = colon >= 0 && colon == host.lastIndexOf(':') && !host.startsWith("/");
            names.add(hasPort ? host.substring(0, colon) : host);
            numbers.add(hasPort ? host.substring(colon + 1) : "");
        }
        boolean numbered = numbers.stream().anyMatch(number -> !number.isEmpty());
        if (numbered && !ports.isEmpty()) {
            throw new InvalidConnectionStringException(
                    "port", "must stand either behind each host or in port=, not in both");
        }
        if (!hosts.isEmpty()) {
            stated.field("host", String.join(",", names));
        }
        if (!ports.isEmpty()) {
            stated.field("port", String.join(",", ports));
        } else if (numbered || (names.size() > 1 && stated.dialect.startsWith("psycopg"))) {
            stated.field("port", String.join(",", numbers));
        }
    }
}
