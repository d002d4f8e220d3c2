package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.comet.Comet;
import jakarta.servlet.ServletConfig;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletException;
import java.lang.reflect.Proxy;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Endpoints from web.xml: one hub for all, whose settings are nobody's secret. */
final class SharedHubTest {
    private final Map<String, Object> attributes = new HashMap<>();
    private final Map<String, String> contextParameters = new HashMap<>();
    private final ServletContext context = (ServletContext) Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {ServletContext.class},
            (proxy, method, args) -> switch (method.getName()) {
                case "getAttribute" -> attributes.get(args[0]);
                case "setAttribute" -> attributes.put((String) args[0], args[1]);
                case "removeAttribute" -> attributes.remove(args[0]);
                case "getInitParameter" -> contextParameters.get(args[0]);
                default -> throw new AssertionError("not to be called: " + method);
            });

    private ServletConfig servlet(String name, Map<String, String> parameters) {
        return (ServletConfig) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {ServletConfig.class},
                (proxy, method, args) -> switch (method.getName()) {
                    case "getServletName" -> name;
                    case "getServletContext" -> context;
                    case "getInitParameter" -> parameters.get(args[0]);
                    case "getInitParameterNames" -> Collections.enumeration(parameters.keySet());
                    default -> throw new AssertionError("not to be called: " + method);
                });
    }

    private CometServlet started(String name, Map<String, String> parameters) throws ServletException {
        CometServlet servlet = new CometServlet();
        servlet.init(servlet(name, parameters));
        return servlet;
    }

    private Comet hub() {
        return CometContextListener.hub(context);
    }

    @Test
    void firstServlet_makesTheHub_theLastClosesIt() throws ServletException {
        CometServlet first = started("first", Map.of("max-channels", "7", "heartbeat", "5s"));
        CometServlet second = started("second", Map.of("heartbeat", "9s"));
        Comet hub = hub();
        assertThat(hub.settings().maxChannels()).isEqualTo(7);
        first.destroy();
        assertThat(hub()).isSameAs(hub);
        second.destroy();
        assertThat(attributes).doesNotContainKey(Comet.class.getName());
    }

    /** Regresses a silence: the setting had no effect, and nobody said so. */
    @Test
    void hubSettingOfALaterServlet_isRefused_andSaysWhereToPutIt() throws ServletException {
        CometServlet first = started("first", Map.of());
        assertRefused();
        first.destroy();
        assertThat(attributes).as("the refused one is no user").doesNotContainKey(Comet.class.getName());
    }

    @Test
    void hubSettingOfAServlet_besideTheListener_isRefused() {
        contextParameters.put("comet.max-channels", "9");
        CometContextListener listener = new CometContextListener();
        listener.contextInitialized(new ServletContextEvent(context));
        assertThat(hub().settings().maxChannels()).isEqualTo(9);
        assertRefused();
        listener.contextDestroyed(new ServletContextEvent(context));
        assertThat(attributes).doesNotContainKey(Comet.class.getName());
    }

    private void assertRefused() {
        CometServlet late = new CometServlet();
        assertThatThrownBy(() -> late.init(servlet("late", Map.of("heartbeat", "5s", "history-messages", "5"))))
                .isInstanceOf(ServletException.class)
                .hasMessageContaining("'history-messages'")
                .hasMessageContaining("'late'")
                .hasMessageContaining("'comet.history-messages'");
        late.destroy(); // some containers do
    }

    /** A container that gives up the servlet never calls destroy(): the hub's threads would stay with the application. */
    @Test
    void endpointWithWrongSettings_leavesNoHub() {
        StardustServlet stardust = new StardustServlet();
        assertThatThrownBy(() -> stardust.init(servlet("stardust", Map.of("stardust.timeout", "0"))))
                .isInstanceOf(ServletException.class)
                .hasMessageContaining("stardust.timeout=0");
        assertThat(attributes).doesNotContainKey(Comet.class.getName());
    }
}
