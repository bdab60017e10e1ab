package io.github.r2dbcsession.internal.connection;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.r2dbcsession.internal.connection.EventLoops.Place;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IntSummaryStatistics;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.netty.resources.LoopResources;

class EventLoopsTest {

    private final LoopResources resources = LoopResources.create("event-loops-test", 1, 4, true);
    private final EventLoops loops = new EventLoops(resources);

    @AfterEach
    void close() {
        resources.dispose();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void everyLoopGetsAsManyAsTheOthers(boolean useNative) {
        List<Place> places = take(14, useNative);

        assertThat(spread(places).getCount()).isEqualTo(4);
        assertThat(spread(places).getMax() - spread(places).getMin()).isEqualTo(1);
    }

    @Test
    void placesThatAreLeftAreFilledAgain() {
        List<Place> places = new ArrayList<>(take(16, true));
        Random random = new Random(3);
        for (int i = 0; i < 1000; i++) {
            Collections.shuffle(places, random);
            Place gone = places.remove(0);
            gone.leave();
            gone.leave();
            places.addAll(take(1, true));
        }

        assertThat(spread(places).getMin()).isEqualTo(4);
        assertThat(spread(places).getMax()).isEqualTo(4);
    }

    private List<Place> take(int count, boolean useNative) {
        List<Place> places = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            places.add(loops.take(useNative));
        }
        return places;
    }

    private static IntSummaryStatistics spread(List<Place> places) {
        Map<EventLoop, Integer> counts =
                places.stream().collect(Collectors.groupingBy(Place::loop, Collectors.summingInt(place -> 1)));
        return counts.values().stream().mapToInt(count -> count).summaryStatistics();
    }
}
