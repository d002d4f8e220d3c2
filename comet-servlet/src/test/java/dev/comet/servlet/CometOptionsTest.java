package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.comet.Comet;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings by their names, everywhere the same. */
final class CometOptionsTest {
    private static final Set<String> DURATIONS = Set.of(
            "history-age",
            "idle-timeout",
            "presence-grace",
            "heartbeat",
            "poll-wait",
            "max-age",
            "stall-limit",
            "body-timeout",
            "retry",
            "token-leeway",
            "token-expiring",
            "ticket-lifetime");
    private static final Set<String> FLAGS = Set.of("identity-encoding", "require-token");

    /** Their values are secrets, or where these are; {@link TokensTest} has what is wrong with one. */
    private static final Set<String> SECRETS = Set.of("token-keys", "token-keys-file");

    private static final Set<String> SETS = Set.of("cors-origins", "allowed-hosts", "trusted-proxies");

    /** Builder methods that are no settings: they take objects, or make the result. */
    private static final Set<String> IN_CODE_ONLY =
            Set.of("scheduler", "listenerExecutor", "log", "jmx", "authorizer", "tokens", "key", "clock", "build");

    static Stream<String> names() {
        return CometOptions.names().stream();
    }

    private static CometOptions parse(String name, String value) {
        return CometOptions.parse(Map.of(name, value));
    }

    // ---- names

    @Test
    void names_areTheBuildersMethods_inKebabCase() {
        Set<String> methods = new TreeSet<>();
        for (Class<?> builder : List.of(Comet.Builder.class, CometConfig.Builder.class, Tokens.Builder.class)) {
            for (Method method : builder.getDeclaredMethods()) {
                if (Modifier.isPublic(method.getModifiers())
                        && !method.isSynthetic()
                        && !IN_CODE_ONLY.contains(method.getName())) {
                    methods.add(method.getName());
                }
            }
        }
        assertThat(names().map(CometOptionsTest::camel)).containsExactlyInAnyOrderElementsOf(methods);
    }

    private static String camel(String kebab) {
        return Pattern.compile("-(.)").matcher(kebab).replaceAll(m -> m.group(1).toUpperCase(java.util.Locale.ROOT));
    }

    @Test
    void unknownName_isRefused_withTheNamesThatThereAre() {
        assertThatThrownBy(() -> parse("history-mesages", "1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'history-mesages'")
                .hasMessageContaining("history-messages")
                .hasMessageContaining("trusted-proxies");
    }

    // ---- defaults: what help says, what the page says, what is

    private static Map<String, String> helped() {
        Map<String, String> defaults = new LinkedHashMap<>();
        CometOptions.help().lines().forEach(line -> {
            Matcher m = Pattern.compile("  --([a-z-]+)=(\\S*) +(\\S.*)").matcher(line);
            assertThat(m.matches()).as(line).isTrue();
            defaults.put(m.group(1), m.group(2));
        });
        return defaults;
    }

    @Test
    void helpsDefaults_areTheRealOnes() {
        assertThat(helped().keySet()).containsExactlyElementsOf(CometOptions.names());
        CometOptions spelledOut = CometOptions.parse(helped());
        CometOptions untouched = CometOptions.parse(Map.of());
        try (Comet one = spelledOut.comet().build();
                Comet two = untouched.comet().build()) {
            assertThat(one.settings()).isEqualTo(two.settings());
        }
        assertThat(fields(spelledOut.config())).isEqualTo(fields(untouched.config()));
        assertThat(fields(untouched.config())).isEqualTo(fields(CometConfig.defaults()));
    }

    private static Map<String, Object> fields(CometConfig config) {
        Map<String, Object> values = new TreeMap<>();
        try {
            Field from = CometConfig.class.getDeclaredField("from");
            from.setAccessible(true);
            Object builder = from.get(config);
            for (Field field : CometConfig.Builder.class.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers()) && !field.getName().equals("authorizer")) {
                    field.setAccessible(true);
                    values.put(field.getName(), String.valueOf(field.get(builder)));
                }
            }
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
        return values;
    }

    /** The tables of docs/native.md, "Settings", and of docs/limits.md: each setting in one of them, once. */
    @Test
    void pagesDefaults_areTheRealOnes() throws IOException {
        Map<String, String> page = new HashMap<>();
        List<String> lines = new ArrayList<>(section("native.md", "## Settings"));
        lines.addAll(section("limits.md", "## The settings"));
        for (String line : lines) {
            String[] cells = line.split("\\|", -1);
            if (cells.length < 4 || !cells[1].contains("`")) {
                continue;
            }
            List<String> values = new ArrayList<>(Arrays.asList(cells[2].strip().split(", ", -1)));
            String first = "";
            Matcher name = Pattern.compile("`([a-z-]+)`").matcher(cells[1]);
            for (int i = 0; name.find(); i++) {
                // `max-subscribers-per-channel`, `-per-address`: the second is short for its whole
                String whole =
                        name.group(1).startsWith("-") ? first.replaceAll("-per-.*", "") + name.group(1) : name.group(1);
                first = i == 0 ? whole : first;
                assertThat(page.put(whole, values.get(Math.min(i, values.size() - 1))))
                        .as(whole)
                        .isNull();
            }
        }
        assertThat(page).isEqualTo(helped());
    }

    private static List<String> section(String page, String heading) throws IOException {
        List<String> lines = Files.readAllLines(Path.of("..", "docs", page));
        List<String> after = lines.subList(lines.indexOf(heading) + 1, lines.size());
        return after.stream().takeWhile(line -> !line.startsWith("## ")).toList();
    }

    // ---- values

    @Test
    void everySetting_reachesItsField() {
        Map<String, String> values = new HashMap<>();
        names().filter(name -> !name.equals("token-keys-file")).forEach(name -> values.put(name, other(name)));
        CometOptions changed = CometOptions.parse(values);
        Map<String, Object> defaults = fields(CometConfig.defaults());
        assertThat(fields(changed.config()))
                .allSatisfy((field, value) -> assertThat(value).as(field).isNotEqualTo(defaults.get(field)));
        try (Comet comet = changed.comet().build();
                Comet plain = Comet.builder().build()) {
            assertThat(comet.settings().toString().split("[,\\[\\]]"))
                    .doesNotContainAnyElementsOf(
                            Arrays.stream(plain.settings().toString().split("[,\\[\\]]"))
                                    .filter(s -> s.contains("=") && !s.endsWith("=ChannelOptions"))
                                    .filter(s -> !s.contains("sessionsOnly=")) // a channel's, never the hub's
                                    .toList());
        }
    }

    private static String other(String name) {
        if (DURATIONS.contains(name)) {
            return "7s";
        }
        return switch (name) {
            case "identity-encoding", "require-token" -> "true";
            case "token-keys" -> "k:" + "x".repeat(43);
            case "cors-origins" -> "https://App.example, http://b";
            case "allowed-hosts" -> "Admin.internal";
            case "trusted-proxies" -> "10.0.0.0/8,127.0.0.1";
            default -> "7";
        };
    }

    @ParameterizedTest
    @CsvSource({"1ms,PT0.001S", "1500ms,PT1.5S", "90s,PT1M30S", "90,PT1M30S", "10m,PT10M", "1h,PT1H", "0500ms,PT0.5S"})
    void durations_haveUnits_orAreSeconds(String value, Duration duration) {
        assertThat(parse("heartbeat", value).config().nativeSettings().heartbeat())
                .isEqualTo(duration);
        try (Comet comet = parse("presence-grace", value).comet().build()) {
            assertThat(comet.settings().presenceGrace()).isEqualTo(duration);
        }
    }

    @ParameterizedTest
    @MethodSource("names")
    void whatIsNoValue_isRefused_namingTheSettingAndWhatWouldBeRight(String name) {
        List<String> wrong = DURATIONS.contains(name)
                ? List.of("", "x", "-1s", "1.5s", "1 s", "1d", "PT1S", "1S", "9999999999s", "999999999h")
                : FLAGS.contains(name)
                        ? List.of("yes", "TRUE", "1")
                        : name.equals("trusted-proxies")
                                ? List.of("localhost", "10.0.0.0/99", "10.0.0.1,x")
                                : SETS.contains(name) || SECRETS.contains(name)
                                        ? List.of()
                                        : List.of(
                                                "", "x", "-1", "1.5", "1k", "1000000000000000", "0%", "101%", "\u0663");
        for (String value : wrong) {
            assertThatThrownBy(() -> parse(name, value))
                    .as("%s=%s", name, value)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith(name + "=" + value + ": ")
                    .hasMessageMatching("(?s).*(must be|right would be).*");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "history-bytes",
                "history-age",
                "live-window",
                "max-history-bytes",
                "max-channels",
                "max-subscribers",
                "max-channels-per-request",
                "max-message-bytes",
                "max-members-per-channel",
                "max-sessions",
                "heartbeat",
                "poll-wait",
                "max-age",
                "stall-limit",
                "body-timeout",
                "max-body-bytes-total",
                "max-answer-bytes-total",
                "max-held",
                "retry",
                "token-expiring",
                "ticket-lifetime",
                "max-tickets"
            })
    void zero_isRefused_whereItMakesNoSense(String name) {
        assertThatThrownBy(() -> parse(name, "0"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(name + "=0: ")
                .hasMessageContaining("must be");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "history-messages",
                "idle-timeout",
                "max-history-messages",
                "max-subscribers-per-channel",
                "max-subscribers-per-address",
                "max-publish-rate",
                "publish-burst",
                "presence-grace",
                "token-leeway"
            })
    void zero_isAllowed_whereItMeansSomething(String name) {
        parse(name, "0").comet().build().close();
    }

    @Test
    void channelsPerRequest_areAtMostWhatACursorHolds() {
        parse("max-channels-per-request", "64");
        assertThatThrownBy(() -> parse("max-channels-per-request", "65")).hasMessageContaining("at most 64");
    }

    @Test
    void sets_areSeparatedByCommas_inLowerCase() {
        CometOptions options = parse("cors-origins", " https://App.example ,, http://localhost:3000,");
        assertThat(options.config().nativeSettings().corsOrigins())
                .containsExactlyInAnyOrder("https://app.example", "http://localhost:3000");
        assertThat(parse("cors-origins", "").config().nativeSettings().corsOrigins())
                .isEmpty();
    }

    @Test
    void trustedProxies_areBlocks() {
        CometConfig config = parse("trusted-proxies", "10.0.0.0/8, ::1").config();
        assertThat(config.trusts("10.1.2.3")).isTrue();
        assertThat(config.trusts("0:0:0:0:0:0:0:1")).isTrue();
        assertThat(config.trusts("11.1.2.3")).isFalse();
        assertThat(CometConfig.defaults().trusts("127.0.0.1")).isFalse();
    }

    @Test
    void flag_maybeGivenWithoutAValue() {
        assertThat(parse("identity-encoding", "").config().identityEncoding()).isTrue();
        assertThat(parse("identity-encoding", "false").config().identityEncoding())
                .isFalse();
    }

    /** What was built does not change with its builder. */
    @Test
    void config_isImmutable() {
        CometConfig.Builder builder = CometConfig.builder().retry(Duration.ofSeconds(3));
        CometConfig config = builder.build();
        builder.retry(Duration.ofSeconds(9));
        assertThat(config.nativeSettings().retry()).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void durationsBeyondTheClock_areRefusedInCodeToo() {
        Duration endless = Duration.ofDays(365 * 300);
        assertThatThrownBy(() -> CometConfig.builder().maxAge(endless))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("max-age");
        assertThatThrownBy(() -> Comet.builder().presenceGrace(endless))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("presence-grace");
    }
}
