package dev.comet.servlet;

import dev.comet.Comet;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * All settings by their names: as init parameters, as options of the example, as they stand in the docs. Durations have a unit
 * ({@code 500ms}, {@code 90s}, {@code 10m}, {@code 1h}), or are whole seconds; sets are separated by commas.
 */
public final class CometOptions {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h)?");
    private static final Map<String, Setting> SETTINGS = new LinkedHashMap<>();

    /** A setting: whether it is the hub's or an endpoint's, its default as it is written, and what it says. */
    private record Setting(boolean ofHub, String value, String help, BiConsumer<CometOptions, String> apply) {}

    static {
        hub("history-messages", "100", "messages that a channel keeps", (b, v) -> b.historyMessages(number(v)));
        hub("history-bytes", "1048576", "bytes that a channel keeps", (b, v) -> b.historyBytes(bytes(v)));
        hub("history-age", "10m", "how long a channel keeps a message", (b, v) -> b.historyAge(duration(v)));
        hub("idle-timeout", "90s", "life of a channel nobody uses; 0: for ever", (b, v) -> b.idleTimeout(duration(v)));
        hub("live-window", "128", "messages kept at least for those behind", (b, v) -> b.liveWindow(number(v)));
        hub(
                "max-history-messages",
                "100000",
                "most that a channel may ask for",
                (b, v) -> b.maxHistoryMessages(number(v)));
        hub("max-history-bytes", "67108864", "most that a channel may ask for", (b, v) -> b.maxHistoryBytes(bytes(v)));
        hub(
                "max-history-bytes-total",
                "10%",
                "bytes that all channels hold, or % of the heap",
                (b, v) -> b.maxHistoryBytesTotal(share(v)));
        hub("max-channels", "100000", "channels", (b, v) -> b.maxChannels(number(v)));
        hub("max-subscribers", "100000", "subscribers in all", (b, v) -> b.maxSubscribers(number(v)));
        hub("max-subscribers-per-channel", "0", "0: no limit", (b, v) -> b.maxSubscribersPerChannel(number(v)));
        hub("max-subscribers-per-address", "0", "0: no limit", (b, v) -> b.maxSubscribersPerAddress(number(v)));
        hub("max-channels-per-request", "64", "channels of a subscriber", (b, v) -> b.maxChannelsPerRequest(number(v)));
        hub("max-message-bytes", "1048576", "bytes of a message", (b, v) -> b.maxMessageBytes(number(v)));
        hub("max-members-per-channel", "10000", "named members", (b, v) -> b.maxMembersPerChannel(number(v)));
        hub("max-sessions", "100000", "sessions", (b, v) -> b.maxSessions(number(v)));
        hub("presence-grace", "80s", "how long a member may be away", (b, v) -> b.presenceGrace(duration(v)));
        at("heartbeat", "15s", "silence before a heartbeat", (b, v) -> b.heartbeat(duration(v)));
        at("poll-wait", "25s", "how long a poll is held", (b, v) -> b.pollWait(duration(v)));
        at("max-age", "30m", "how long a stream lives", (b, v) -> b.maxAge(duration(v)));
        at("stall-limit", "30s", "how long a socket may take nothing", (b, v) -> b.stallLimit(duration(v)));
        at("body-timeout", "30s", "how long a body may take", (b, v) -> b.bodyTimeout(duration(v)));
        at(
                "max-body-bytes-total",
                "67108864",
                "bytes of all bodies being read",
                (b, v) -> b.maxBodyBytesTotal(number(v)));
        at(
                "max-answer-bytes-total",
                "67108864",
                "bytes of all large answers",
                (b, v) -> b.maxAnswerBytesTotal(number(v)));
        at("max-held", "120000", "requests open at an endpoint", (b, v) -> b.maxHeld(number(v)));
        at("max-publish-rate", "0", "messages a second of a caller", (b, v) -> b.maxPublishRate(number(v)));
        at("publish-burst", "0", "of them at once; 0: twice the rate", (b, v) -> b.publishBurst(number(v)));
        at("retry", "2s", "when clients are told to come back", (b, v) -> b.retry(duration(v)));
        at("identity-encoding", "false", "whether held responses say it", (b, v) -> b.identityEncoding(flag(v)));
        at("cors-origins", "", "origins that may read the answers, or *", (b, v) -> b.corsOrigins(set(v)));
        at("allowed-hosts", "", "names of admin mounts besides loopback's", (b, v) -> b.allowedHosts(set(v)));
        ofTokens("token-keys", "", "keys of tokens: id:base64url, ...", (b, v) -> b.tokenKeys(v));
        ofTokens("token-keys-file", "", "a file of keys, one a line", (b, v) -> b.tokenKeysFile(v));
        ofTokens("token-leeway", "10s", "by how much clocks may differ", (b, v) -> b.tokenLeeway(duration(v)));
        at("token-expiring", "30s", "when a token's end is told before", (b, v) -> b.tokenExpiring(duration(v)));
        at("require-token", "false", "whether to subscribe takes a token", (b, v) -> b.requireToken(flag(v)));
        ofTokens("ticket-lifetime", "30s", "how long a ticket waits", (b, v) -> b.ticketLifetime(duration(v)));
        ofTokens("max-tickets", "10000", "tickets that wait", (b, v) -> b.maxTickets(number(v)));
        at("trusted-proxies", "", "blocks whose X-Forwarded-For counts", (b, v) -> b.trustedProxies(set(v)));
    }

    private final Comet.Builder comet = Comet.builder();
    private final CometConfig.Builder config = CometConfig.builder();
    private final Tokens.Builder tokens = Tokens.builder();

    private CometOptions() {}

    /**
     * Reads settings.
     *
     * @throws IllegalArgumentException that names the setting, when there is none of that name, or its value is not right
     */
    public static CometOptions parse(Map<String, String> values) {
        CometOptions options = new CometOptions();
        values.forEach((name, value) -> {
            Setting setting = SETTINGS.get(name);
            if (setting == null) {
                throw new IllegalArgumentException(
                        "there is no setting '" + name + "'; there are " + SETTINGS.keySet());
            }
            try {
                setting.apply.accept(options, value);
            } catch (IllegalArgumentException e) {
                String shown = name.equals("token-keys") ? "..." : value; // secrets
                throw new IllegalArgumentException(name + "=" + shown + ": " + e.getMessage(), e);
            }
        });
        if (options.tokens.hasKeys()) {
            options.config.tokens(options.tokens.build());
        }
        return options;
    }

    /** The names of all settings. */
    public static Collection<String> names() {
        return java.util.Collections.unmodifiableSet(SETTINGS.keySet());
    }

    /** Whether it is a setting of the hub, as opposed to an endpoint's. */
    static boolean isOfHub(String name) {
        Setting setting = SETTINGS.get(name);
        return setting != null && setting.ofHub;
    }

    /** A line a setting: its name, its default, what it says. */
    public static String help() {
        StringBuilder help = new StringBuilder();
        SETTINGS.forEach((name, setting) ->
                help.append(String.format("  --%-42s %s%n", name + "=" + setting.value, setting.help)));
        return help.toString();
    }

    /** A hub of these settings, to be built; more can be set before. */
    public Comet.Builder comet() {
        return comet;
    }

    /** An endpoint's settings. */
    public CometConfig config() {
        return config.build();
    }

    /** An endpoint's settings, to be changed before they are built. */
    public CometConfig.Builder configBuilder() {
        return config;
    }

    private static void hub(String name, String value, String help, BiConsumer<Comet.Builder, String> apply) {
        SETTINGS.put(name, new Setting(true, value, help, (options, v) -> apply.accept(options.comet, v)));
    }

    private static void at(String name, String value, String help, BiConsumer<CometConfig.Builder, String> apply) {
        SETTINGS.put(name, new Setting(false, value, help, (options, v) -> apply.accept(options.config, v)));
    }

    private static void ofTokens(String name, String value, String help, BiConsumer<Tokens.Builder, String> apply) {
        SETTINGS.put(name, new Setting(false, value, help, (options, v) -> apply.accept(options.tokens, v)));
    }

    private static Duration duration(String value) {
        Matcher m = DURATION.matcher(value);
        if (!m.matches()) {
            throw new IllegalArgumentException("must be a duration: 500ms, 90s, 10m or 1h");
        }
        long n = Long.parseLong(m.group(1));
        return switch (m.group(2) == null ? "s" : m.group(2)) {
            case "ms" -> Duration.ofMillis(n);
            case "m" -> Duration.ofMinutes(n);
            case "h" -> Duration.ofHours(n);
            default -> Duration.ofSeconds(n);
        };
    }

    private static int number(String value) {
        if (!value.matches("\\d{1,9}")) {
            throw new IllegalArgumentException("must be a whole number below 1000000000");
        }
        return Integer.parseInt(value);
    }

    private static long bytes(String value) {
        if (!value.matches("\\d{1,15}")) {
            throw new IllegalArgumentException("must be a whole number below 1000000000000000");
        }
        return Long.parseLong(value);
    }

    /** Bytes, or a share of the largest heap that the JVM will use. */
    private static long share(String value) {
        if (!value.endsWith("%")) {
            return bytes(value);
        }
        int percent = number(value.substring(0, value.length() - 1));
        if (percent < 1 || percent > 100) {
            throw new IllegalArgumentException("must be 1% to 100%");
        }
        return Runtime.getRuntime().maxMemory() / 100 * percent;
    }

    private static boolean flag(String value) {
        return switch (value) {
            case "true", "" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("must be true or false");
        };
    }

    private static Set<String> set(String value) {
        Set<String> set = new TreeSet<>();
        for (String element : value.split(",", -1)) {
            if (!element.isBlank()) {
                set.add(element.strip());
            }
        }
        return set;
    }
}
