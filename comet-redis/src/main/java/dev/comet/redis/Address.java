package dev.comet.redis;

import io.lettuce.core.RedisURI;

/** Where a Redis is, as people write it. */
final class Address {
    private Address() {}

    /** Throws an exception that says what would be right, without a password. */
    static RedisURI of(String uri) {
        RedisURI address;
        try {
            address = RedisURI.create(uri);
        } catch (IllegalArgumentException e) { // its text may have the password: so it is no cause either
            throw wrong(uri);
        }
        String host = address.getHost();
        if (host != null && !host.matches("[^:@]+|\\[.*]")) { // what it takes for a host if it cannot tell what it is
            throw wrong(uri);
        }
        return address;
    }

    private static IllegalArgumentException wrong(String uri) {
        return new IllegalArgumentException("redis URI: '" + withoutPassword(uri)
                + "' must be redis://[[user:]password@]host[:port][/database], or rediss://... with TLS;"
                + " what is special in a password is written as %xx, and a host has no '_'");
    }

    /** Where there is no {@code @}, what stands behind a colon may be one too, unless it is a port. */
    private static String withoutPassword(String uri) {
        String shown = uri.replaceFirst("(?s)^([^/]*//)?.*@", "$1***@");
        return shown.replaceFirst("(?s):(?!//|\\d{1,5}(?:[/?,]|$)).*", ":***");
    }
}
