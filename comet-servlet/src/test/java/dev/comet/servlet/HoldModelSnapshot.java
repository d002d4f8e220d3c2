package dev.comet.servlet;

import dev.comet.servlet.HoldModelActor.Role;
import org.jspecify.annotations.Nullable;

/** A world that was seen, and the step that first led to it. Equal when the worlds are. <i>Immutable, but for the count.</i> */
final class HoldModelSnapshot {
    final @Nullable HoldModelSnapshot before;
    final @Nullable Role by;
    final String step;

    /** How many steps lead to it; counted, and counted down again, by the search. */
    int ways = 1;

    private final long a;
    private final long b;
    private final long c;
    private final long d;

    HoldModelSnapshot(HoldModelWorld w, @Nullable HoldModelSnapshot before, @Nullable Role by, String step) {
        HoldModelPacking p = new HoldModelPacking();
        w.layout(p);
        this.a = p.word(0);
        this.b = p.word(1);
        this.c = p.word(2);
        this.d = p.word(3);
        this.before = before;
        this.by = by;
        this.step = step;
    }

    HoldModelWorld world(HoldModelBounds bounds) {
        return HoldModelWorld.of(bounds, new HoldModelPacking(a, b, c, d));
    }

    @Override
    public boolean equals(Object o) {
        return o instanceof HoldModelSnapshot s && s.a == a && s.b == b && s.c == c && s.d == d;
    }

    @Override
    public int hashCode() {
        long h = a * 0x9E3779B97F4A7C15L;
        h = (h ^ h >>> 29 ^ b) * 0xBF58476D1CE4E5B9L;
        h = (h ^ h >>> 32 ^ c) * 0x94D049BB133111EBL;
        h = (h ^ h >>> 29 ^ d) * 0x9E3779B97F4A7C15L;
        return (int) (h ^ h >>> 32);
    }
}
