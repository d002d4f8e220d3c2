package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.comet.Comet;
import dev.comet.servlet.dialect.icomet.IcometAdminDialect;
import dev.comet.servlet.dialect.icomet.IcometDialect;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** iComet's servlets: what they mount, and their settings. */
final class IcometServletTest {
    private static final Map<String, String> DEFAULTS = Map.of(
            "max_channels", "100000",
            "max_subscribers_per_channel", "16",
            "channel_buffer_size", "10",
            "channel_timeout", "30",
            "polling_timeout", "30",
            "auth", "none",
            "admin_allow", "127.0.0.1",
            "admin_deny", "");

    @Test
    void settings_areThoseOfThePage_withTheirDefaults() {
        assertThat(IcometServlet.settings()).isEqualTo(DEFAULTS);
        assertThat(IcometAdminServlet.settings()).isEqualTo(DEFAULTS);
    }

    @Test
    void eachServlet_hasItsDialect_withTheSameSettings() {
        try (Comet comet = Comet.builder().build()) {
            CometConfig config = CometConfig.defaults();
            Map<String, String> settings = Map.of("icomet.auth", "token", "channel_timeout", "4");
            assertThat(new IcometServlet(comet, config, settings).dialect(comet, config))
                    .isInstanceOf(IcometDialect.class);
            assertThat(new IcometAdminServlet(comet, config, settings).dialect(comet, config))
                    .isInstanceOf(IcometAdminDialect.class);
            assertThatThrownBy(() -> new IcometServlet(comet, config, Map.of("auth", "x")))
                    .hasMessageContaining("icomet.auth=x");
            assertThatThrownBy(() -> new IcometAdminServlet(comet, config, Map.of("nonsense", "1")))
                    .hasMessageContaining("nonsense");
        }
    }
}
