package example;

import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** What is known of one request. */
record Visit(String visitorId, String sessionId, String campaign) {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{8,128}");
    private static final int VISITOR_LIFETIME = 2 * 365 * 24 * 60 * 60;
    private static final int SESSION_LIFETIME = 30 * 60;

    /** Whoever brings an id keeps it, whoever does not gets a new one. */
    static Visit of(HttpServletRequest request) {
        return new Visit(ownOrNew(request, "visitor_id"), ownOrNew(request, "session_id"),
                request.getParameter("utm_campaign"));
    }

    private static String ownOrNew(HttpServletRequest request, String name) {
        if (request.getCookies() != null) {
            for (Cookie cookie : request.getCookies()) {
                if (cookie.getName().equals(name) && isId(cookie.getValue())) {
                    return cookie.getValue();
                }
            }
        }
        byte[] fresh = new byte[32];
        RANDOM.nextBytes(fresh);
        return HexFormat.of().formatHex(fresh);
    }

    private static boolean isId(String text) {
        return ID.matcher(text).matches();
    }

    /** Tells the browser who it is. */
    void setCookies(HttpServletResponse response) {
        response.addCookie(cookie("visitor_id", visitorId, VISITOR_LIFETIME));
        response.addCookie(cookie("session_id", sessionId, SESSION_LIFETIME));
    }

    private static Cookie cookie(String name, String value, int lifetime) {
        Cookie cookie = new Cookie(name, value);
        cookie.setPath("/");
        cookie.setMaxAge(lifetime);
        cookie.setHttpOnly(true);
        cookie.setAttribute("SameSite", "Lax");
        return cookie;
    }

    /** The page names its visitor. A campaign that is no plain word is left out, as it would have to be escaped. */
    String page() {
        String shown = campaign != null && isId(campaign) ? '"' + campaign + '"' : "null";
        return "{\"visitor_id\":\"%s\",\"session_id\":\"%s\",\"campaign\":%s}".formatted(visitorId, sessionId, shown);
    }
}
