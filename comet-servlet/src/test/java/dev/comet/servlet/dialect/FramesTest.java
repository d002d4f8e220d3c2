package dev.comet.servlet.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Frames against the obvious model, a byte array that grows. */
final class FramesTest {

    @Test
    void frames_areTheirConcatenation_whateverTheOrderOfCalls() {
        Random random = new Random(5);
        for (int round = 0; round < 300; round++) {
            Frames frames = new Frames();
            for (int reuse = 0; reuse < 4; reuse++) {
                check(random, frames);
                frames.clear();
                assertThat(frames.size()).isZero();
                assertThat(frames.isFull()).isFalse();
            }
        }
    }

    private static void check(Random random, Frames frames) {
        ByteArrayOutputStream model = new ByteArrayOutputStream();
        List<byte[]> given = new ArrayList<>();
        List<byte[]> copies = new ArrayList<>();
        for (int n = random.nextInt(12); n > 0; n--) {
            if (random.nextInt(4) == 0) {
                String text = "text \u00e4\uD83D\uDE00".substring(0, random.nextInt(6));
                assertThat(frames.add(text)).isSameAs(frames);
                model.writeBytes(text.getBytes(StandardCharsets.UTF_8));
            } else {
                byte[] frame = new byte[size(random)];
                random.nextBytes(frame);
                given.add(frame);
                copies.add(frame.clone());
                assertThat(frames.add(frame)).isSameAs(frames);
                model.writeBytes(frame);
            }
            assertThat(frames.size()).isEqualTo(model.size());
            assertThat(frames.isFull()).isEqualTo(model.size() >= 32 * 1024);
            assertThat(Arrays.copyOf(frames.bytes(), frames.size())).isEqualTo(model.toByteArray());
        }
        for (int i = 0; i < given.size(); i++) {
            assertThat(given.get(i)).as("a shared frame is never written to").isEqualTo(copies.get(i));
        }
    }

    private static int size(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> 0;
            case 1 -> random.nextInt(100_000);
            default -> random.nextInt(3_000);
        };
    }

    @Test
    void frameThatStaysAlone_isNotCopied() {
        Frames frames = new Frames();
        byte[] frame = {1, 2, 3};
        frames.add("").add(frame);
        assertThat(frames.bytes()).isSameAs(frame);
        frames.clear();
        assertThat(frames.bytes()).as("a pooled one keeps nobody's message").isNotSameAs(frame);
        frames.add(frame);
        assertThat(frames.bytes()).isSameAs(frame);
        frames.clear();
        frames.add(new byte[] {9}).add(frame);
        frames.clear();
        frames.add(frame);
        assertThat(frames.bytes()).isSameAs(frame);
    }

    @Test
    void secondFrame_isGathered_andTheFirstStaysWhatItIs() {
        Frames frames = new Frames();
        byte[] one = {1};
        byte[] two = {2};
        frames.add(one).add(two);
        assertThat(frames.bytes()).isNotSameAs(one).startsWith(1, 2);
        assertThat(one).containsExactly(1);
        assertThat(two).containsExactly(2);
    }

    @Test
    void full_isExactlyAtTheMark() {
        Frames frames = new Frames();
        frames.add(new byte[Frames.FULL - 1]);
        assertThat(frames.isFull()).isFalse();
        frames.add(new byte[1]);
        assertThat(frames.isFull()).isTrue();
    }

    /** What is given back to the pool keeps its room, but not that of one huge message. */
    @Test
    void roomOfAHugeFrame_isNotKept() {
        Frames frames = new Frames();
        frames.add(new byte[1]).add(new byte[1 << 20]);
        byte[] huge = frames.bytes();
        frames.clear();
        frames.add(new byte[1]).add(new byte[1]);
        assertThat(frames.bytes()).isNotSameAs(huge).hasSizeLessThan(100_000);
        byte[] small = frames.bytes();
        frames.clear();
        frames.add(new byte[1]).add(new byte[1]);
        assertThat(frames.bytes()).isSameAs(small);
    }
}
