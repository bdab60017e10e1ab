package io.github.r2dbcsession.internal.sql;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** Reads an address as the server writes it, without ever asking the DNS. */
final class Internet {

    private Internet() {}

    static InetAddress address(String text) {
        if (text.indexOf('/') >= 0) {
            throw new Conversion.Failure("it has a netmask; read it as String, or select host(...)");
        }
        byte[] address = text.isEmpty() ? null : NetUtil.createByteArrayFromIpAddressString(text);
        if (address == null) {
            throw new Conversion.Failure("it is not an address in digits");
        }
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + address.length + " bytes", e);
        }
    }
}
