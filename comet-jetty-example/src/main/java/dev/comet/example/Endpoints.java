package dev.comet.example;

import dev.comet.Action;
import dev.comet.Authorizer;
import dev.comet.Comet;
import dev.comet.servlet.CCometServlet;
import dev.comet.servlet.CometAdminServlet;
import dev.comet.servlet.CometConfig;
import dev.comet.servlet.CometServlet;
import dev.comet.servlet.IcometAdminServlet;
import dev.comet.servlet.IcometServlet;
import dev.comet.servlet.SimpleCometServlet;
import dev.comet.servlet.StardustServlet;
import jakarta.servlet.http.HttpServlet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The endpoints of the example, as any container can mount them: a new servlet whenever one is asked for. */
final class Endpoints {
    /** The channels that the example's own pages publish to; a Stardust channel's name has no dash. */
    private static final List<String> PAGES = List.of("demo-", "demo_");

    private final Comet comet;
    private final Options options;
    private final CometConfig config;

    Endpoints(Comet comet, Options options) {
        this.comet = comet;
        this.options = options;
        this.config =
                options.settings().configBuilder().authorizer(Endpoints::decide).build();
    }

    /** The example's own pages may publish to their own channels, from wherever they are read. The counters are the server's. */
    private static Authorizer.Decision decide(Authorizer.Question question) {
        if (question.action() != Action.PUBLISH) {
            return Authorizer.Decision.UNKNOWN;
        }
        if (question.channel().equals(StatsPublisher.CHANNEL)) {
            return Authorizer.Decision.DENY; // CComet's default is that anyone may
        }
        return PAGES.stream().anyMatch(question.channel()::startsWith)
                ? Authorizer.Decision.ALLOW
                : Authorizer.Decision.UNKNOWN;
    }

    /** All of them by their patterns. They need async support. */
    Map<String, HttpServlet> all() {
        Map<String, HttpServlet> all = new LinkedHashMap<>();
        all.put("/comet/*", new CometServlet(comet, config));
        all.put("/comet-admin/*", new CometAdminServlet(comet, config));
        all.put("/icomet/*", icomet());
        all.put("/icomet-admin/*", icometAdmin());
        all.put("/simple-comet/*", simpleComet());
        all.put("/stardust/*", stardust());
        all.put("/ccomet/*", ccomet());
        return all;
    }

    IcometServlet icomet() {
        return new IcometServlet(comet, config, options.of("icomet"));
    }

    IcometAdminServlet icometAdmin() {
        return new IcometAdminServlet(comet, config, options.of("icomet"));
    }

    SimpleCometServlet simpleComet() {
        return new SimpleCometServlet(comet, config, options.of("simple-comet"));
    }

    StardustServlet stardust() {
        return new StardustServlet(comet, config, options.of("stardust"));
    }

    CCometServlet ccomet() {
        return new CCometServlet(comet, config, options.of("ccomet"));
    }
}
