package io.github.r2dbcsession.config;

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
            stated.parameter(piece.text(), piece.name(), piece.value());
        }
        return stated;
    }

    private static Location databaseOnly(String text) {
        int question = text.indexOf('?');
        String database = question < 0 ? text : text.substring(0, question);
        return new Location("", "", decode(database, "database"), query(text, question));
    }

    private static Location locate(String rest) {
        int question = rest.indexOf('?');
        String server = question < 0 ? rest : rest.substring(0, question);
        if (server.equals("/")) {
            server = "";
        }
        int slash = server.indexOf('/');
        String database = slash < 0 ? "" : server.substring(slash + 1);
        if (database.indexOf('/') >= 0) {
            throw new InvalidConnectionStringException("database", "must not have a slash; write it as %2F");
        }
        StringBuilder hosts = new StringBuilder();
        StringBuilder ports = new StringBuilder();
        for (String address : (slash < 0 ? server : server.substring(0, slash)).split(",", 0)) {
            int colon = address.lastIndexOf(':');
            boolean hasPort = colon > address.lastIndexOf(']');
            String host = hasPort ? address.substring(0, colon) : address;
            String port = hasPort ? address.substring(colon + 1) : "";
            hosts.append(hosts.isEmpty() ? "" : ",").append(host.isEmpty() ? HostAndPort.LOCALHOST : unbracketed(host));
            ports.append(ports.isEmpty() ? "" : ",").append(port.isEmpty() ? HostAndPort.DEFAULT_PORT : port);
        }
        QueryString query = query(rest, question);
        HostRules.checkSane(
                query.value("PGHOST").orElse(hosts.toString()),
                query.value("PGPORT").orElse(ports.toString()));
        return new Location(hosts.toString(), ports.toString(), decode(database, "database"), query);
    }

    private static String unbracketed(String host) {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    private static QueryString query(String text, int question) {
        return QueryString.read(
                question < 0 ? "" : text.substring(question + 1), QueryString.Form.LOOSE, JdbcUrl::decode);
    }

    private static String decode(String text, String part) {
        return Percent.decode(text.replace('+', ' '), part);
    }
}
