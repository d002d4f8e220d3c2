package dev.comet.servlet.dialect;

/** A response header. <i>Immutable.</i> */
public record Header(String name, String value) {

    /** Refuses what could end the header's line. */
    public Header {
        for (int i = 0; i < value.length(); i++) {
            if (Character.isISOControl(value.charAt(i))) {
                throw new IllegalArgumentException("header " + name + " has a control character at " + i);
            }
        }
    }
}
