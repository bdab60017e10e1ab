package io.github.r2dbcsession.internal.sql;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** Reads an address as the server writes it, without ever asking the DNS. */
final class Internet {

    private Internet() {}

    static InetAddress address(String text) {
        if (text.indexOf('/') >= 0) {
            throw new Conversion.Failure("it has a netmask; read it as String, or select host(...)");
        }
        boolean literal = !text.isEmpty() && (text.indexOf(':') >= 0 || Character.digit(text.charAt(0), 10) >= 0);
        for (int i = 0; literal && i < text.length(); i++) {
            char c = text.charAt(i);
            literal = c == '.' || c == ':' || Character.digit(c, 16) >= 0;
        }
        if (!literal) {
            throw new Conversion.Failure("it is not an address in digits");
        }
        try {
            return InetAddress.getByName(text.indexOf(':') >= 0 ? "[" + text + "]" : text);
        } catch (UnknownHostException e) {
            throw new Conversion.Failure("it is not an address in digits");
        }
    }
}
