package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.config.ConnectionString;
import io.github.r2dbcsession.config.HostAndPort;
import org.junit.jupiter.api.Test;

class ServerTest {

    @Test
    void anAddressIsDialledWhereOneIsStatedAndNamesAHostWithoutName() {
        assertThat(Server.of(ConnectionString.parse("postgresql://h:1,:2,i:3/d?hostaddr=10.0.0.1,::1,")))
                .containsExactly(
                        new Server(new HostAndPort("h", 1), "10.0.0.1"),
                        new Server(new HostAndPort("::1", 2), "::1"),
                        new Server(new HostAndPort("i", 3), "i"));
    }

    @Test
    void anAddressAloneIsTheHost() {
        assertThat(Server.of(ConnectionString.parse("hostaddr=10.0.0.1")))
                .containsExactly(new Server(HostAndPort.of("10.0.0.1"), "10.0.0.1"));
    }
}
