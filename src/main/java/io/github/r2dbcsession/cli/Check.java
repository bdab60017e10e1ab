package io.github.r2dbcsession.cli;

import io.github.r2dbcsession.cli.Report.Fact;
import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.HostAndPort;
import io.github.r2dbcsession.config.SslMode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;
import reactor.core.Exceptions;

/** Connects step by step and tells what happened, and on a failure what to change. */
final class Check {

    private static final List<String> TALKATIVE = List.of(
            "io.r2dbc.postgresql",
            "io.r2dbc.postgresql.client",
            "io.r2dbc.postgresql.QUERY",
            "io.r2dbc.postgresql.PARAM");

    private final ConnectionString string;
    private final Duration limit;
    private final Consumer<Fact> told;
    private String advised = "";
    private String refusal = "";

    Check(ConnectionString string, Duration limit, Consumer<Fact> told) {
        this.string = string;
        this.limit = limit;
        this.told = told;
    }

    /** Takes all steps; returns whether a session was had. */
    boolean run() {
        say("parse", string.toString());
        say("sslmode", string.sslMode() + ": " + string.sslMode().meaning());
        string.warnings().forEach(warning -> say("warning", warning));
        return connect();
    }

    /** Why no session was had, empty when one was. */
    String refusal() {
        return refusal;
    }

    /** What to change after a failure. */
    String advice() {
        return advised;
    }

    /** Takes the steps that need the network; returns whether a session was had. */
    boolean connect() {
        if (TALKATIVE.stream().map(LoggerFactory::getLogger).anyMatch(logger -> logger.isDebugEnabled())) {
            say(
                    "warning",
                    "the driver's DEBUG or TRACE logging is on: statements, values and passwords may be in the log");
        }
        string.hosts().forEach(this::look);
        return logIn();
    }

    private void look(HostAndPort server) {
        if (server.isSocket()) {
            say("socket", server.socketFile());
            return;
        }
        try {
            InetAddress[] addresses = InetAddress.getAllByName(server.host());
            say(
                    "resolve",
                    server.host() + " is "
                            + String.join(
                                    ", ",
                                    Stream.of(addresses)
                                            .map(InetAddress::getHostAddress)
                                            .toList()));
            look(server, addresses[0]);
        } catch (UnknownHostException unknown) {
            say("resolve", server.host() + " is not known");
            advise(Advice.on(unknown));
        }
    }

    private void look(HostAndPort server, InetAddress address) {
        try (ServerProbe probe = new ServerProbe(limit)) {
            long start = System.nanoTime();
            probe.connect(address, server);
            say(
                    "tcp",
                    server + " answers in "
                            + Duration.ofNanos(System.nanoTime() - start).toMillis() + " ms");
            boolean tls = tls(probe, server);
            if (tls || !string.sslMode().requiresTls()) {
                String user = string.user().orElse("");
                say(
                        "login",
                        "asks for "
                                + probe.authentication(user, string.database().orElse(user)));
            }
        } catch (IOException failure) {
            say("failed", server + ": " + failure.getMessage());
            advise(Advice.on(failure));
        }
    }

    private boolean tls(ServerProbe probe, HostAndPort server) throws IOException {
        if (string.sslMode() == SslMode.DISABLE) {
            return false;
        }
        boolean direct = "direct".equals(string.options().get("sslnegotiation"));
        if (!direct && !probe.offersTls()) {
            say("tls", "the server has none");
            return false;
        }
        if (direct) {
            say("tls", "direct, not looked at beforehand");
            return false;
        }
        say("tls", probe.handshake(server));
        for (X509Certificate certificate : probe.certificates()) {
            say(
                    "certificate",
                    certificate.getSubjectX500Principal().getName() + ", issued by "
                            + certificate.getIssuerX500Principal().getName());
            if (certificate.getBasicConstraints() < 0 || probe.certificates().size() == 1) {
                say("names", names(certificate));
            }
            Instant end = certificate.getNotAfter().toInstant();
            long days = ChronoUnit.DAYS.between(Instant.now(), end);
            say("expiry", end + (days < 0 ? ", it has expired" : ", in " + days + " days"));
        }
        return true;
    }

    private static String names(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            return names == null
                    ? "none but the subject's"
                    : String.join(
                            ", ",
                            names.stream()
                                    .map(name -> String.valueOf(name.get(1)))
                                    .toList());
        } catch (CertificateParsingException unreadable) {
            return "unreadable";
        }
    }

    private boolean logIn() {
        try {
            Login.Answer answer = Login.of(string, limit);
            Login login = answer.login();
            say(
                    "session",
                    "as " + login.role() + ", "
                            + (login.encrypted()
                                    ? "encrypted by " + login.protocol() + " " + login.cipher()
                                    : "not encrypted"));
            say("server", "PostgreSQL " + login.version() + ", " + (login.standby() ? "standby" : "primary"));
            say("round trip", answer.roundTrip().toMillis() + " ms");
            return true;
        } catch (RuntimeException failure) {
            Throwable cause = Exceptions.unwrap(failure);
            refusal = Advice.message(cause, limit);
            say("refused", refusal);
            advise(Advice.on(cause));
            return false;
        }
    }

    private void advise(String change) {
        if (!change.equals(advised)) {
            say("change", change);
            advised = change;
        }
    }

    private void say(String step, String text) {
        told.accept(new Fact(step, text));
    }
}
