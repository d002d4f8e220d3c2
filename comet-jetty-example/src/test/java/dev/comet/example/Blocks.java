package dev.comet.example;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The code in the documents that tests run. */
final class Blocks {
    private Blocks() {}

    /** The fenced blocks of a page that follow a comment which begins like this. */
    static List<String> of(Path page, String marker, String language) throws IOException {
        Pattern block = Pattern.compile(
                Pattern.quote(marker) + "[^\\n]*-->\\n```" + language + "\\n(.*?)\\n```", Pattern.DOTALL);
        Matcher found = block.matcher(Files.readString(page));
        List<String> blocks = new ArrayList<>();
        while (found.find()) {
            blocks.add(found.group(1));
        }
        return blocks;
    }
}
