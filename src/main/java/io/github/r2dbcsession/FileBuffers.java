package io.github.r2dbcsession;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import reactor.core.publisher.Flux;
import reactor.core.publisher.SynchronousSink;
import reactor.core.scheduler.Schedulers;

/** Reads a file piece by piece where blocking is allowed. */
final class FileBuffers {

    private static final int PIECE = 65_536;

    private FileBuffers() {}

    /** Opens the file at each subscription and closes it when all is read, or not wanted any more. */
    static Flux<ByteBuffer> of(Path file) {
        return Flux.<ByteBuffer, FileChannel>using(
                        () -> FileChannel.open(file, StandardOpenOption.READ),
                        channel -> Flux.generate(sink -> read(channel, sink)),
                        FileBuffers::close)
                .subscribeOn(Schedulers.boundedElastic());
    }

    /** Does the same and tells how many bytes have been read, from nought for each subscription. */
    static Flux<ByteBuffer> told(Path file, LongConsumer bytesSoFar) {
        return Flux.defer(() -> {
            AtomicLong bytes = new AtomicLong();
            return of(file).doOnNext(piece -> bytesSoFar.accept(bytes.addAndGet(piece.remaining())));
        });
    }

    private static void read(FileChannel channel, SynchronousSink<ByteBuffer> sink) {
        try {
            ByteBuffer piece = ByteBuffer.allocate(PIECE);
            if (channel.read(piece) < 0) {
                sink.complete();
            } else {
                sink.next(piece.flip());
            }
        } catch (IOException e) {
            sink.error(e);
        }
    }

    private static void close(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
