package io.github.r2dbcsession.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;

/** The parameters behind a URL's {@code ?}, decoded by the rules of its family. */
final class QueryString {

    /**
     * One parameter.
     *
     * @param text as it stands in the string
     */
    record Piece(String text, String name, String value) {}

    /** Whether a parameter must have exactly one {@code =}. */
    enum Form {
        /** It must, as in libpq. */
        STRICT,
        /** Without one the value is empty, and further ones are part of the value, as in pgjdbc and SQLAlchemy. */
        LOOSE
    }

    private final List<Piece> pieces = new ArrayList<>();

    private QueryString() {}

    /**
     * Reads a query.
     *
     * @param decode decodes the text of the part it is given
     */
    static QueryString read(String text, Form form, BiFunction<String, String, String> decode) {
        QueryString query = new QueryString();
        for (int start = 0; start < text.length(); ) {
            int ampersand = text.indexOf('&', start);
            int end = ampersand < 0 ? text.length() : ampersand;
            if (end > start || form == Form.STRICT) {
                query.add(text.substring(start, end), form, decode);
            }
            start = end + 1;
        }
        return query;
    }

    private void add(String piece, Form form, BiFunction<String, String, String> decode) {
        String part = "parameter " + (pieces.size() + 1);
        int equals = piece.indexOf('=');
        if (form == Form.STRICT && (equals < 0 || piece.indexOf('=', equals + 1) >= 0)) {
            throw new InvalidConnectionStringException(
                    part, "must be name=value; write a = in the value as %3D and an & as %26");
        }
        pieces.add(new Piece(
                piece,
                decode.apply(equals < 0 ? piece : piece.substring(0, equals), part),
                equals < 0 ? "" : decode.apply(piece.substring(equals + 1), part)));
    }

    List<Piece> pieces() {
        return pieces;
    }

    /** The last value of a name. */
    Optional<String> value(String name) {
        return pieces.stream()
                .filter(piece -> piece.name().equals(name))
                .reduce((first, second) -> second)
                .map(Piece::value);
    }
}
