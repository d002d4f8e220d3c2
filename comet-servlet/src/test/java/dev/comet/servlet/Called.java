package dev.comet.servlet;

import static org.assertj.core.api.Assertions.assertThat;

import dev.comet.servlet.dialect.Talk;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A script that calls one function with one argument and does nothing else, read strictly: the argument is JSON, or a string in single
 * quotes that holds JSON, and neither can end the element that it stands in. <i>Immutable.</i>
 *
 * @param argument as {@link Talk#json} has it
 */
record Called(String function, Object argument) {
    private static final Pattern CALL =
            Pattern.compile("(?s)([A-Za-z_$][A-Za-z0-9_$]*(?:\\.[A-Za-z_$][A-Za-z0-9_$]*)*)\\((.*)\\);?\n?");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(?:u([0-9a-f]{4})|(['\\\\]))");

    static Called parse(String script) {
        Matcher call = CALL.matcher(script);
        assertThat(call.matches()).as("one call: %s", script).isTrue();
        assertThat(call.group(1)).hasSizeLessThanOrEqualTo(128);
        String argument = call.group(2);
        assertThat(argument.chars().noneMatch(c -> c < ' ' || c == '<' || c == 0x2028 || c == 0x2029))
                .as("safe in a script: %s", argument)
                .isTrue();
        return new Called(call.group(1), Talk.json(argument.startsWith("'") ? unquoted(argument) : argument));
    }

    private static String unquoted(String literal) {
        assertThat(literal).hasSizeGreaterThan(1).endsWith("'");
        Matcher escapes = ESCAPE.matcher(literal.substring(1, literal.length() - 1));
        assertThat(escapes.replaceAll("")).as("one string: %s", literal).doesNotContain("'", "\\");
        return escapes.replaceAll(escape -> Matcher.quoteReplacement(
                escape.group(1) == null ? escape.group(2) : Character.toString(Integer.parseInt(escape.group(1), 16))));
    }
}
