package io.github.r2dbcsession.config;

import java.util.ArrayList;
import java.util.List;

/** Reads a pgjdbc URL. */
final class JdbcUrl {

    static final String PREFIX = "jdbc:postgresql:";

    /** Hosts and ports with commas, and what comes after. */
    private record Location(String hosts, String ports, String database, QueryString query) {}

    private JdbcUrl() {}

    /** Reads what follows {@link #PREFIX}. */
    static Stated read(String text) {
        Stated stated = new Stated(Family.JDBC);
        Authority<Location> authority = text.startsWith("//")
                ? Authority.split(text.substring(2), -1, JdbcUrl::locate)
                : new Authority<>(null, databaseOnly(text));
        authority.stateUserinfo(stated, part -> Percent.decodeLeniently(part, "user or password"));
        Location location = authority.location();
        stated.field("host", location.hosts());
        stated.field("port", location.ports());
        stated.field("dbname", location.database());
        for (QueryString.Piece piece : location.query().pieces()) {
            stated.parameter(piece.text(), pgjdbcName(piece.name()), piece.value());
        }
        return stated;
    }

    private static Location databaseOnly(String text) {
        int question = text.indexOf('?');
        String database = question < 0 ? text : text.substring(0, question);
        if (database.startsWith("/")) {
            throw new InvalidConnectionStringException("host", "two slashes must stand before it");
        }
        return new Location(HostAndPort.LOCALHOST, "", decode(database, "database"), query(text, question));
    }

    private static Location locate(String rest) {
        int question = rest.indexOf('?');
        String server = question < 0 ? rest : rest.substring(0, question);
        if (server.isEmpty()) {
            server = "/";
        }
        int slash = server.indexOf('/');
        if (slash < 0) {
            throw new InvalidConnectionStringException(
                    "database", "a slash must stand before it, even when it is not stated");
        }
        String database = server.substring(slash + 1);
        if (database.indexOf('/') >= 0) {
            throw new InvalidConnectionStringException("database", "must not have a slash; write it as %2F");
        }
        List<String> hosts = new ArrayList<>();
        List<String> ports = new ArrayList<>();
        for (String address : server.substring(0, slash).split(",", 0)) {
            int colon = address.lastIndexOf(':');
            boolean hasPort = colon > address.lastIndexOf(']');
            String host = hasPort ? address.substring(0, colon) : address;
            String port = hasPort ? address.substring(colon + 1) : String.valueOf(HostAndPort.DEFAULT_PORT);
            hosts.add(host.isEmpty() ? HostAndPort.LOCALHOST : unbracketed(host));
            ports.add(port);
        }
        QueryString query = query(rest, question);
        checkServer(
                query.value("PGHOST").or(() -> query.value("host")).orElse(String.join(",", hosts)),
                query.value("PGPORT").or(() -> query.value("port")).orElse(String.join(",", ports)));
        return new Location(String.join(",", hosts), String.join(",", ports), decode(database, "database"), query);
    }

    private static String unbracketed(String host) {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    private static QueryString query(String text, int question) {
        return QueryString.read(
                question < 0 ? "" : text.substring(question + 1), QueryString.Form.LOOSE, JdbcUrl::decode);
    }

    private static void checkServer(String hosts, String ports) {
        HostRules.checkSane(hosts, ports);
        if (List.of(ports.split(",", -1)).contains("")) {
            throw new InvalidConnectionStringException("port", HostRules.PORT);
        }
        if (hosts.split(",", -1).length != ports.split(",", -1).length) {
            throw new InvalidConnectionStringException("port", "there must be one for each host");
        }
    }

    /** pgjdbc takes libpq's names of these three too. */
    private static String pgjdbcName(String name) {
        return switch (name) {
            case "host" -> "PGHOST";
            case "port" -> "PGPORT";
            case "dbname" -> "PGDBNAME";
            default -> name;
        };
    }

    private static String decode(String text, String part) {
        return Percent.decode(text.replace('+', ' '), part);
    }
}
