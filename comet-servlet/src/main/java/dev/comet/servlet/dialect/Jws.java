package dev.comet.servlet.dialect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tokens on the wire: JWS in its compact form, HS256 and nothing else, whatever the token would like; docs/native.md, "Tokens".
 * What is wrong with a token is said in words of ours only: nothing of it is ever repeated. <i>Immutable.</i>
 */
final class Jws {
    /** The most bytes that a token may have. */
    static final int MAX_BYTES = 4096;

    /** What is shorter than the digest is weaker than it (RFC 7518, section 3.2). */
    static final int MIN_KEY_BYTES = 32;

    private static final int MAX_DEPTH = 8;
    private static final String ALGORITHM = "HmacSHA256";
    private static final double LAST_SECOND = 253_402_300_799d; // of the year 9999

    private static final Pattern COMPACT =
            Pattern.compile("([A-Za-z0-9_-]{1,4096})\\.([A-Za-z0-9_-]{1,4096})\\.([A-Za-z0-9_-]{43})");

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxStringLength(MAX_BYTES)
                    .maxNameLength(MAX_BYTES)
                    .maxNumberLength(100)
                    .build())
            .recyclerPool(JsonRecyclerPools.newBoundedPool(16))
            .build();

    private final Map<String, SecretKeySpec> keys = new LinkedHashMap<>();
    private final String signer;

    /** Keys by their ids; the first signs. */
    Jws(Map<String, byte[]> keys) {
        keys.forEach((id, bytes) -> {
            if (bytes.length < MIN_KEY_BYTES) {
                throw new IllegalArgumentException("the token key '" + id + "' has " + bytes.length
                        + " bytes: HS256 needs at least " + MIN_KEY_BYTES + ", drawn at random");
            }
            this.keys.put(id, new SecretKeySpec(bytes, ALGORITHM));
        });
        if (keys.isEmpty()) {
            throw new IllegalArgumentException("no token key: give at least one");
        }
        signer = keys.keySet().iterator().next();
    }

    boolean hasKey(String id) {
        return keys.containsKey(id);
    }

    /** A token that is not good; the text may be shown to whoever sent it. */
    static final class BadToken extends Exception {
        private static final long serialVersionUID = 1;

        private final String what;

        BadToken(String what) {
            super(what, null, false, false); // no stack trace: hostile clients cause many
            this.what = what;
        }

        String what() {
            return what;
        }
    }

    /** What a token claims that was signed by one of the keys; times in milliseconds. */
    record Claims(
            String subject, String id, String key, long issued, long notBefore, long expires, Token.Rights rights) {}

    // ---- sign

    String sign(Claims claims) {
        String content = encoded(json -> {
                    json.writeStringField("alg", "HS256");
                    json.writeStringField("kid", signer);
                    json.writeStringField("typ", "JWT");
                })
                + "."
                + encoded(json -> {
                    json.writeStringField("sub", claims.subject);
                    json.writeStringField("jti", claims.id);
                    json.writeFieldName("iat");
                    json.writeNumber(seconds(claims.issued));
                    json.writeFieldName("exp");
                    json.writeNumber(seconds(claims.expires));
                    json.writeObjectFieldStart("comet");
                    write(json, "subscribe", claims.rights.subscribe());
                    write(json, "publish", claims.rights.publish());
                    write(json, "presence", claims.rights.presence());
                    json.writeBooleanField("admin", claims.rights.admin());
                    json.writeEndObject();
                });
        String token = content + "." + signature(signer, content);
        if (token.length() > MAX_BYTES) {
            throw new IllegalArgumentException("the token would have " + token.length() + " bytes, at most " + MAX_BYTES
                    + " are read: grant fewer names, or patterns as in room-*");
        }
        return token;
    }

    private static void write(JsonGenerator json, String name, List<String> channels) throws IOException {
        json.writeArrayFieldStart(name);
        for (String channel : channels) {
            json.writeString(channel);
        }
        json.writeEndArray();
    }

    private interface Fields {
        void write(JsonGenerator json) throws IOException;
    }

    private static String encoded(Fields fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
        try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
            json.writeStartObject();
            fields.write(json);
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // not from a byte array
        }
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.toByteArray());
    }

    /** With the milliseconds: a revocation counts for what was issued before it, in the same second, too. */
    private static java.math.BigDecimal seconds(long millis) {
        return java.math.BigDecimal.valueOf(millis, 3).stripTrailingZeros();
    }

    private String signature(String key, String content) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(keys.get(key));
            byte[] digest = mac.doFinal(content.getBytes(StandardCharsets.US_ASCII));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(digest);
        } catch (GeneralSecurityException e) {
            throw new AssertionError("every Java has " + ALGORITHM, e);
        }
    }

    // ---- verify

    /**
     * What the token claims, once its signature is known to be right. Nobody has looked at the times yet.
     *
     * @throws BadToken that says what is wrong
     */
    Claims verify(String token) throws BadToken {
        if (token.length() > MAX_BYTES) {
            throw new BadToken("a token has at most " + MAX_BYTES + " bytes");
        }
        Matcher parts = COMPACT.matcher(token);
        if (!parts.matches()) {
            throw new BadToken("the token must be a JWS in compact form, signed with HS256");
        }
        String key = keyOf(parts.group(1));
        String right = signature(key, token.substring(0, parts.start(3) - 1));
        if (!MessageDigest.isEqual(bytes(right), bytes(parts.group(3)))) { // as texts: one token, one spelling
            throw new BadToken("the token's signature is wrong");
        }
        return claims(key, parts.group(2));
    }

    private static byte[] bytes(String ascii) {
        return ascii.getBytes(StandardCharsets.US_ASCII);
    }

    private String keyOf(String encoded) throws BadToken {
        String[] named = new String[2];
        read(encoded, (json, name) -> {
            switch (name) {
                case "alg" -> named[0] = string(json, "alg");
                case "kid" -> named[1] = string(json, "kid");
                case "crit" -> throw new BadToken("the token's header has crit: no extension is understood here");
                default -> json.skipChildren();
            }
        });
        if (!"HS256".equals(named[0])) {
            throw new BadToken("the token's alg must be HS256");
        }
        if (named[1] == null || !keys.containsKey(named[1])) {
            throw new BadToken("the token's header must have a kid, the id of a key that is known here");
        }
        return named[1];
    }

    /** What is found, as it is read. */
    private static final class Found {
        String subject = "";
        String id = "";
        long issued = Token.ANY_TIME;
        long notBefore = Long.MIN_VALUE;
        long expires = Long.MIN_VALUE;
        Token.Rights rights = Token.Rights.NONE;
    }

    private static Claims claims(String key, String encoded) throws BadToken {
        Found found = new Found();
        read(encoded, (json, name) -> {
            switch (name) {
                case "sub" -> found.subject = string(json, "sub");
                case "jti" -> found.id = string(json, "jti");
                case "iat" -> found.issued = millis(json, "iat");
                case "nbf" -> found.notBefore = millis(json, "nbf");
                case "exp" -> found.expires = millis(json, "exp");
                case "comet" -> found.rights = rights(json);
                default -> json.skipChildren();
            }
        });
        if (found.subject.isEmpty() || found.id.isEmpty() || found.expires == Long.MIN_VALUE) {
            throw new BadToken("the token must have sub, jti and exp");
        }
        return new Claims(found.subject, found.id, key, found.issued, found.notBefore, found.expires, found.rights);
    }

    private static Token.Rights rights(JsonParser json) throws IOException, BadToken {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            throw new BadToken("the token's comet must be an object");
        }
        List<String> subscribe = new ArrayList<>();
        List<String> publish = new ArrayList<>();
        List<String> presence = new ArrayList<>();
        boolean[] admin = {false};
        fields(json, (value, name) -> {
            switch (name) {
                case "subscribe" -> channels(value, subscribe);
                case "publish" -> channels(value, publish);
                case "presence" -> channels(value, presence);
                case "admin" -> admin[0] = flag(value);
                default -> value.skipChildren();
            }
        });
        return new Token.Rights(List.copyOf(subscribe), List.copyOf(publish), List.copyOf(presence), admin[0]);
    }

    private static void channels(JsonParser json, List<String> into) throws IOException, BadToken {
        if (json.currentToken() != JsonToken.START_ARRAY) {
            throw new BadToken("the token's channels must be lists of strings");
        }
        while (json.nextToken() != JsonToken.END_ARRAY) {
            into.add(string(json, "channels"));
        }
    }

    private static boolean flag(JsonParser json) throws BadToken {
        return switch (json.currentToken()) {
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> throw new BadToken("the token's admin must be true or false");
        };
    }

    private static String string(JsonParser json, String what) throws IOException, BadToken {
        if (json.currentToken() != JsonToken.VALUE_STRING) {
            throw new BadToken("the token's " + what + " must be strings");
        }
        return json.getText();
    }

    /** A NumericDate may have a fraction; as a double it cannot grow beyond all bounds while it is looked at. */
    private static long millis(JsonParser json, String what) throws IOException, BadToken {
        if (json.currentToken().isNumeric()) {
            double seconds = json.getDoubleValue();
            if (seconds >= 0 && seconds <= LAST_SECOND) {
                return Math.round(seconds * 1000);
            }
        }
        throw new BadToken("the token's " + what + " must be seconds since 1970");
    }

    private interface Field {
        void read(JsonParser json, String name) throws IOException, BadToken;
    }

    private static void read(String encoded, Field field) throws BadToken {
        try (JsonParser json = FACTORY.createParser(Base64.getUrlDecoder().decode(encoded))) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new BadToken("the token's parts must be JSON objects");
            }
            fields(json, field);
            if (json.nextToken() != null) {
                throw new BadToken("the token's parts must be one JSON object each");
            }
        } catch (IOException | IllegalArgumentException e) { // not told as it is: its text quotes the token
            throw new BadToken("the token's parts must be JSON objects, each name once, in Base64url");
        }
    }

    private static void fields(JsonParser json, Field field) throws IOException, BadToken {
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String name = json.currentName();
            json.nextToken();
            field.read(json, name);
        }
    }
}
