/** Comet for any Jakarta Servlet 6 container. */
module dev.comet.servlet {
    requires transitive dev.comet.core;
    requires transitive jakarta.servlet;
    requires com.fasterxml.jackson.core;
    requires static org.jspecify;

    exports dev.comet.servlet;
}
