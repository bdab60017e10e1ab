package io.github.r2dbcsession.config;

import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The split of a URL's text after the {@code //} into the userinfo and the rest. The owner's split stands where the rest it leaves reads
 * sane; otherwise the userinfo ends at the first later {@code @} that leaves one.
 *
 * @param userinfo what stands before the {@code @}, null when there is none
 * @param location the rest, read
 */
record Authority<L>(@Nullable String userinfo, L location) {

    private static final Pattern FIRST_PARAMETER = Pattern.compile("\\?[A-Za-z_][\\w.-]*=");

    private static final Pattern SERVER_PARAMETER = Pattern.compile("(host|port)=", Pattern.CASE_INSENSITIVE);

    /**
     * Splits.
     *
     * @param ownersAt where the family's own grammar ends the userinfo, -1 for no userinfo
     * @param locate reads a rest by the family's grammar; throws when that refuses it or it reads insane
     */
    static <L> Authority<L> split(String text, int ownersAt, Function<String, L> locate) {
        try {
            return at(ownersAt, text, locate);
        } catch (InvalidConnectionStringException insane) {
            return laterAt(ownersAt, text, locate).orElseThrow(() -> insane);
        }
    }

    private static <L> Optional<Authority<L>> laterAt(int ownersAt, String text, Function<String, L> locate) {
        Matcher parameter = FIRST_PARAMETER.matcher(text);
        int end = parameter.find() ? parameter.start() : text.length();
        boolean serverInQuery = SERVER_PARAMETER.matcher(text).find();
        int at = text.indexOf('@', ownersAt + 1);
        while (at >= 0 && at < end) {
            int next = text.indexOf('@', at + 1);
            if (serverInQuery || !inServer(text, at, next)) {
                try {
                    return Optional.of(at(at, text, locate));
                } catch (InvalidConnectionStringException insane) {
                    // the next one may leave a sane rest
                }
            }
            at = next;
        }
        return Optional.empty();
    }

    /** Whether the next {@code @} would stand in host or port, which spares a long string's many {@code @} a reading each. */
    private static boolean inServer(String text, int at, int next) {
        if (next < 0) {
            return false;
        }
        String server = text.substring(at + 1, next);
        return server.indexOf('/') < 0 && server.indexOf('?') < 0;
    }

    private static <L> Authority<L> at(int at, String text, Function<String, L> locate) {
        return new Authority<>(at < 0 ? null : text.substring(0, at), locate.apply(text.substring(at + 1)));
    }

    /** Whether the userinfo has a parameter in it, which only the owner's own reading may find there. */
    boolean holdsParameter() {
        return userinfo != null && FIRST_PARAMETER.matcher(userinfo).find();
    }

    /**
     * States user and password, which the first colon parts. An empty one is not stated.
     *
     * @param decode how the family decodes them
     */
    void stateUserinfo(Stated stated, Function<String, String> decode) {
        if (userinfo == null) {
            return;
        }
        int colon = userinfo.indexOf(':');
        String user = colon < 0 ? userinfo : userinfo.substring(0, colon);
        if (!user.isEmpty()) {
            stated.field("user", decode.apply(user));
        }
        if (colon >= 0 && colon + 1 < userinfo.length()) {
            stated.field("password", decode.apply(userinfo.substring(colon + 1)));
            stated.mask(userinfo + "@", user + ":" + Secret.MASK + "@");
        }
    }
}
