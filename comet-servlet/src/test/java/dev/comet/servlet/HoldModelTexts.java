package dev.comet.servlet;

import dev.comet.servlet.HoldState.Signal;
import java.util.EnumMap;
import java.util.Map;

/** The texts of the steps that there are too many of to make a new one each time. <i>Immutable.</i> */
final class HoldModelTexts {
    private static final Map<Signal, Map<HoldState, String>> READ = new EnumMap<>(Signal.class);
    private static final Map<Signal, Map<HoldState, Map<HoldState, String>>> SET = new EnumMap<>(Signal.class);

    static {
        for (Signal signal : Signal.values()) {
            Map<HoldState, String> read = new EnumMap<>(HoldState.class);
            Map<HoldState, Map<HoldState, String>> set = new EnumMap<>(HoldState.class);
            for (HoldState from : HoldState.values()) {
                read.put(from, "signal " + signal + ": reads " + from);
                Map<HoldState, String> to = new EnumMap<>(HoldState.class);
                for (HoldState next : HoldState.values()) {
                    to.put(next, "signal " + signal + ": " + from + " becomes " + next);
                }
                set.put(from, to);
            }
            READ.put(signal, read);
            SET.put(signal, set);
        }
    }

    private HoldModelTexts() {}

    static String read(Signal signal, HoldState state) {
        return READ.get(signal).get(state);
    }

    static String set(Signal signal, HoldState from, HoldState to) {
        return SET.get(signal).get(from).get(to);
    }
}
