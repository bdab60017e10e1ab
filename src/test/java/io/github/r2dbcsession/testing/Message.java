package io.github.r2dbcsession.testing;

import java.nio.charset.StandardCharsets;
import java.util.function.Predicate;

/**
 * A message of the protocol that passes a {@link ProtocolProxy}.
 *
 * @param fromClient whether the client sent it
 * @param type its type byte; 0 for those without one, which open a connection
 * @param text the statement of a Query or Parse, the tag of a CommandComplete, the status of a ReadyForQuery; empty otherwise
 */
public record Message(boolean fromClient, char type, String text) {

    /** Fits a Query or Parse with this statement. */
    public static Predicate<Message> statement(String sql) {
        return message ->
                message.fromClient && (message.type == 'Q' || message.type == 'P') && message.text.equals(sql);
    }

    /** Fits the message that the client sends with this type: {@code P} Parse, {@code B} Bind, {@code E} Execute, {@code S} Sync. */
    public static Predicate<Message> sent(char type) {
        return message -> message.fromClient && message.type == type;
    }

    /** Fits the tag of a command that the server has carried out. */
    public static Predicate<Message> tag(String tag) {
        return message -> !message.fromClient && message.type == 'C' && message.text.equals(tag);
    }

    /** Fits a ReadyForQuery. */
    public static Predicate<Message> ready() {
        return message -> !message.fromClient && message.type == 'Z';
    }

    static Message of(boolean fromClient, byte[] frame) {
        char type = (char) frame[0];
        String body = new String(frame, 5, frame.length - 5, StandardCharsets.UTF_8);
        String text = switch (fromClient ? type : Character.toLowerCase(type)) {
            case 'Q', 'c' -> upToNul(body);
            case 'P' -> upToNul(body.substring(body.indexOf('\0') + 1));
            case 'z' -> body;
            default -> "";
        };
        return new Message(fromClient, type, text);
    }

    private static String upToNul(String body) {
        int end = body.indexOf('\0');
        return end < 0 ? body : body.substring(0, end);
    }
}
