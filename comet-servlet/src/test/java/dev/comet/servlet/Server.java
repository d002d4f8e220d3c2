package dev.comet.servlet;

/** The containers that are tried most. <i>Immutable.</i> */
enum Server {
    /** See {@link JettyContainer}. */
    JETTY {
        @Override
        Container container() {
            return new JettyContainer();
        }
    },
    /** See {@link TomcatContainer}. */
    TOMCAT {
        @Override
        Container container() {
            return new TomcatContainer();
        }
    };

    abstract Container container();
}
