package dev.comet.servlet;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** IP addresses as text: what is loopback, what a block holds, what forwarding headers say. Names are never looked up. */
final class Addresses {
    private static final int MAX_OCTET = 255;
    private static final Pattern V6 = Pattern.compile("[0-9a-f:]*:[0-9a-f:.]*");

    private Addresses() {}

    /** An address without brackets, zone, or the IPv6 form of an IPv4 address. */
    static String plain(String address) {
        if (isV4(address)) {
            return address;
        }
        String a = address.strip().toLowerCase(Locale.ROOT);
        if (a.startsWith("[") && a.endsWith("]")) {
            a = a.substring(1, a.length() - 1);
        }
        int zone = a.indexOf('%');
        a = zone < 0 ? a : a.substring(0, zone);
        return parse(a).map(InetAddress::getHostAddress).orElse(a);
    }

    static boolean isLoopback(String address) {
        return isV4(address)
                ? address.startsWith("127.")
                : parse(address).filter(InetAddress::isLoopbackAddress).isPresent();
    }

    /** An address from its literal; empty for anything else, a name above all. */
    static Optional<InetAddress> parse(String literal) {
        if (!isV4(literal) && !V6.matcher(literal).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.getByName(literal));
        } catch (UnknownHostException e) {
            return Optional.empty(); // the shape of an address, but none
        }
    }

    /** Strictly: what only looks like an address, 999.1.1.1 or 1.02.3.4, InetAddress would look up as a name, or read otherwise. */
    private static boolean isV4(String text) {
        int octets = 0;
        int octet = -1; // nothing yet
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '.' && octet >= 0) {
                octets++;
                octet = -1;
            } else if (c >= '0' && c <= '9' && octet != 0) { // no digit after a leading zero
                octet = Math.max(octet, 0) * 10 + c - '0';
                if (octet > MAX_OCTET) {
                    return false;
                }
            } else {
                return false;
            }
        }
        return octets == 3 && octet >= 0;
    }

    /** A block of addresses: {@code 10.0.0.0/8}, {@code ::1}. <i>Immutable.</i> */
    static final class Block {
        private final byte[] prefix;
        private final int bits;

        private Block(byte[] prefix, int bits) {
            this.prefix = prefix;
            this.bits = bits;
        }

        /**
         * Reads a block.
         *
         * @throws IllegalArgumentException when it is none
         */
        static Block parse(String text) {
            int slash = text.indexOf('/');
            String literal = (slash < 0 ? text : text.substring(0, slash)).strip();
            InetAddress address =
                    Addresses.parse(literal.toLowerCase(Locale.ROOT)).orElseThrow(() -> bad(text));
            byte[] bytes = address.getAddress();
            int bits = bytes.length * 8;
            if (slash >= 0) {
                String after = text.substring(slash + 1).strip();
                if (!after.matches("\\d{1,3}") || Integer.parseInt(after) > bits) {
                    throw bad(text);
                }
                bits = Integer.parseInt(after);
            }
            return new Block(bytes, bits);
        }

        private static IllegalArgumentException bad(String text) {
            return new IllegalArgumentException(
                    "'" + text + "' is no block of addresses; right would be 10.0.0.0/8 or 127.0.0.1");
        }

        boolean holds(String address) {
            Optional<InetAddress> parsed = Addresses.parse(address);
            if (parsed.isEmpty()) {
                return false;
            }
            byte[] bytes = parsed.get().getAddress();
            if (bytes.length != prefix.length) {
                return false;
            }
            for (int bit = 0; bit < bits; bit++) {
                int mask = 0x80 >> (bit & 7);
                if ((bytes[bit >> 3] & mask) != (prefix[bit >> 3] & mask)) {
                    return false;
                }
            }
            return true;
        }
    }

    /** The chain of clients that the lines of X-Forwarded-For name, the nearest last. */
    static List<String> forwardedFor(List<String> lines) {
        List<String> hops = new ArrayList<>();
        for (String line : lines) {
            for (String element : line.split(",", -1)) {
                hops.add(plain(withoutPort(element.strip())));
            }
        }
        return hops;
    }

    /** The same of Forwarded, RFC 7239. */
    static List<String> forwarded(List<String> lines) {
        List<String> hops = new ArrayList<>();
        for (String line : lines) {
            for (String element : split(line, ',')) {
                hops.add(plain(withoutPort(forParameter(element).strip())));
            }
        }
        return hops;
    }

    private static String forParameter(String element) {
        for (String pair : split(element, ';')) {
            String[] parts = pair.strip().split("=", 2);
            if (parts.length == 2 && parts[0].equalsIgnoreCase("for")) {
                return parts[1].replace("\"", "");
            }
        }
        return "unknown";
    }

    /**
     * Splits where no quoted string is: a proxy may put the caller's Host into one, with a comma and a {@code for=} of the caller's
     * own in it. What has an open end is nobody.
     */
    private static List<String> split(String text, char separator) {
        List<String> parts = new ArrayList<>();
        boolean quoted = false;
        int from = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\\' && quoted) {
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == separator && !quoted) {
                parts.add(text.substring(from, i));
                from = i + 1;
            }
        }
        parts.add(text.substring(from));
        return quoted ? List.of("unknown") : parts;
    }

    private static String withoutPort(String hop) {
        if (hop.startsWith("[")) {
            int end = hop.indexOf(']');
            return end < 0 ? hop : hop.substring(0, end + 1);
        }
        int colon = hop.indexOf(':');
        return colon >= 0 && colon == hop.lastIndexOf(':') ? hop.substring(0, colon) : hop;
    }
}
