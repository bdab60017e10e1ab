package io.github.r2dbcsession.http;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a client would like to have, from its {@code Accept} header. */
final class Accept {

    private record Wish(String mediaType, double quality) {}

    private Accept() {}

    /** The first choice among the client's wishes, the dearest first, for which there is one; null for none. */
    static <T> @Nullable T choose(String header, Function<String, @Nullable T> choices) {
        for (Wish wish : wishes(header)) {
            T choice = choices.apply(wish.mediaType);
            if (choice != null) {
                return choice;
            }
        }
        return null;
    }

    private static List<Wish> wishes(String header) {
        List<Wish> wishes = new ArrayList<>();
        for (String range : header.toLowerCase(Locale.ROOT).split(",", -1)) {
            List<String> parts =
                    Stream.of(range.split(";", -1)).map(String::strip).toList();
            double quality = parts.stream()
                    .filter(part -> part.startsWith("q="))
                    .mapToDouble(Accept::quality)
                    .findFirst()
                    .orElse(1);
            String mediaType = parts.stream()
                    .filter(part -> !part.startsWith("q="))
                    .map(part -> part.replace(" ", "").replace("\"", ""))
                    .collect(Collectors.joining(";"));
            if (quality > 0) {
                wishes.add(new Wish(mediaType, quality));
            }
        }
        wishes.sort(Comparator.comparingDouble(Wish::quality).reversed());
        return wishes;
    }

    private static double quality(String part) {
        try {
            return Double.parseDouble(part.substring(2));
        } catch (NumberFormatException unreadable) {
            return 0;
        }
    }
}
