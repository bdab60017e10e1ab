package io.github.r2dbcsession.config;

import java.util.Optional;

/** Reads a pgjdbc URL. */
final class JdbcUrl {

    static final String PREFIX = "jdbc:postgresql:";

    /** Hosts and ports with commas, database and query, still escaped. */
    private record Location(String hosts, String ports, String database, String query) {}

    private JdbcUrl() {}

    /** Reads what follows {@link #PREFIX}. */
    static Stated read(String text) {
        Stated stated = new Stated(Family.JDBC);
        String query;
        if (text.startsWith("//")) {
            Authority<Location> authority = Authority.split(text.substring(2), -1, JdbcUrl::locate);
            Location location = authority.location();
            stated.field("host", location.hosts());
            stated.field("port", location.ports());
            stated.field("dbname", decode(location.database(), "database"));
            authority.stateUserinfo(stated, JdbcUrl::credential);
            query = location.query();
        } else {
            int question = text.indexOf('?');
            stated.field("dbname", decode(question < 0 ? text : text.substring(0, question), "database"));
            query = question < 0 ? "" : text.substring(question + 1);
        }
        for (String parameter : query.split("&", 0)) {
            if (!parameter.isEmpty()) {
                int equals = parameter.indexOf('=');
                String name = equals < 0 ? parameter : parameter.substring(0, equals);
                stated.parameter(
                        parameter, name, equals < 0 ? "" : decode(parameter.substring(equals + 1), "parameter value"));
            }
        }
        return stated;
    }

    private static Optional<Location> locate(String rest) {
        int question = rest.indexOf('?');
        String server = question < 0 ? rest : rest.substring(0, question);
        String query = question < 0 ? "" : rest.substring(question + 1);
        int slash = server.indexOf('/');
        String database = slash < 0 ? "" : server.substring(slash + 1);
        if (database.equals("/")) {
            database = "";
        }
        if (database.indexOf('/') >= 0) {
            return Optional.empty();
        }
        StringBuilder hosts = new StringBuilder();
        StringBuilder ports = new StringBuilder();
        for (String address : (slash < 0 ? server : server.substring(0, slash)).split(",", 0)) {
            int colon = address.lastIndexOf(':');
            boolean hasPort = colon > address.lastIndexOf(']');
            String host = hasPort ? address.substring(0, colon) : address;
            String port = hasPort ? address.substring(colon + 1) : "";
            if (host.startsWith("[") && host.endsWith("]") && host.length() > 2) {
                host = host.substring(1, host.length() - 1);
            }
            if (!HostRules.isSane(host) || !HostRules.isSanePort(port)) {
                return Optional.empty();
            }
            hosts.append(hosts.isEmpty() ? "" : ",").append(host.isEmpty() ? HostAndPort.LOCALHOST : host);
            ports.append(ports.isEmpty() ? "" : ",").append(port.isEmpty() ? HostAndPort.DEFAULT_PORT : port);
        }
        return Optional.of(new Location(hosts.toString(), ports.toString(), database, query));
    }

    private static String credential(String text) {
        return Percent.decodeLeniently(text, "user or password");
    }

    private static String decode(String text, String part) {
        return Percent.decode(text.replace('+', ' '), part);
    }
}
