package dev.comet.servlet.dialect.icomet;

import dev.comet.servlet.dialect.Rule;
import dev.comet.servlet.dialect.Rules;
import dev.comet.servlet.dialect.Values;
import java.time.Duration;
import java.util.List;

/**
 * The settings of iComet, under its own names: docs/dialects/icomet.md, "Settings". <i>Immutable.</i>
 *
 * @param tokens whether a subscriber must show the token that {@code /sign} has returned ({@code auth=token})
 * @param admins who may use the admin endpoints
 */
public record IcometSettings(
        int maxChannels,
        int maxSubscribersPerChannel,
        int channelBufferSize,
        Duration channelTimeout,
        Duration pollingTimeout,
        boolean tokens,
        Rules admins) {
    private static final int MOST = 100_000_000;
    private static final String ALL = "all";

    /** Reads them. */
    public static IcometSettings read(Values values) {
        return new IcometSettings(
                values.number("max_channels", 100_000, 1, MOST),
                values.number("max_subscribers_per_channel", 16, 1, MOST),
                values.number("channel_buffer_size", 10, 1, MOST),
                values.seconds("channel_timeout", 30),
                values.seconds("polling_timeout", 30),
                values.word("auth", "none", "none", "token").equals("token"),
                admins(values.list("admin_allow", "127.0.0.1"), values.list("admin_deny", "")));
    }

    /** "deny all" stands in many a configuration, after those who are allowed, and means all others: they are denied anyway. */
    private static Rules admins(List<String> allow, List<String> deny) {
        boolean others = !allow.contains(ALL);
        return Rules.all(Rule.addresses(
                allow, deny.stream().filter(d -> !(others && d.equals(ALL))).toList()));
    }

    long pollingSeconds() {
        return pollingTimeout.toSeconds();
    }
}
