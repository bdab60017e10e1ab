package io.github.r2dbcsession.internal.connection;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Commands that are sent ahead of a statement without a Sync. Where one of them fails, the server skips all that follows up to the
 * next Sync, and that is the one of the statement (PostgreSQL documentation, 54.2.3). Immutable.
 */
public final class Preamble {

    private static final byte[] SYNC = {'S', 0, 0, 0, 4};

    private final String sql;
    private final byte[] messages;
    private final int commands;

    private Preamble(String sql, byte[] messages, int commands) {
        this.sql = sql;
        this.messages = messages;
        this.commands = commands;
    }

    /** Commands without parameters. */
    public static Preamble of(List<String> commands) {
        Preamble preamble = new Preamble("", new byte[0], 0);
        for (String command : commands) {
            preamble = preamble.and(command, List.of());
        }
        return preamble;
    }

    /** These and one more. */
    public Preamble and(String command, List<String> parameters) {
        ByteBuf bytes = Unpooled.buffer().writeBytes(messages);
        int parse = begin(bytes, 'P');
        text(bytes, "");
        text(bytes, command);
        bytes.writeShort(0);
        end(bytes, parse);
        int bind = begin(bytes, 'B');
        text(bytes, "");
        text(bytes, "");
        bytes.writeShort(0);
        bytes.writeShort(parameters.size());
        for (String parameter : parameters) {
            byte[] value = parameter.getBytes(StandardCharsets.UTF_8);
            bytes.writeInt(value.length).writeBytes(value);
        }
        bytes.writeShort(0);
        end(bytes, bind);
        int execute = begin(bytes, 'E');
        text(bytes, "");
        bytes.writeInt(0);
        end(bytes, execute);
        byte[] all = new byte[bytes.readableBytes()];
        bytes.readBytes(all);
        return new Preamble(sql.isEmpty() ? command : sql + "; " + command, all, commands + 1);
    }

    private static int begin(ByteBuf bytes, char type) {
        bytes.writeByte(type).writeInt(0);
        return bytes.writerIndex() - Integer.BYTES;
    }

    private static void end(ByteBuf bytes, int lengthAt) {
        bytes.setInt(lengthAt, bytes.writerIndex() - lengthAt);
    }

    private static void text(ByteBuf bytes, String text) {
        bytes.writeCharSequence(text, StandardCharsets.UTF_8);
        bytes.writeByte(0);
    }

    /** All of it, for the eyes of people. */
    public String sql() {
        return sql;
    }

    /** How many commands the server will confirm. */
    int commands() {
        return commands;
    }

    void writeTo(ByteBuf bytes) {
        bytes.writeBytes(messages);
    }

    /** Writes it to be answered by itself. */
    void writeWithSyncTo(ByteBuf bytes) {
        bytes.writeBytes(messages).writeBytes(SYNC);
    }
}
