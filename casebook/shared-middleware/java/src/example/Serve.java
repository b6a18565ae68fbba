package example;

import jakarta.servlet.http.HttpServlet;
import java.io.File;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;

/** Serves in Tomcat: {@code Serve broken|mended PORT}, where port 0 takes a free one. */
public final class Serve {
    private static final Logger TOMCAT = Logger.getLogger("org.apache");

    private Serve() {}

    public static void main(String[] arguments) throws LifecycleException {
        TOMCAT.setLevel(Level.SEVERE);
        HttpServlet servlet = switch (arguments[0]) {
            case "broken" -> new Broken();
            case "mended" -> new Mended();
            default -> throw new IllegalArgumentException(arguments[0]);
        };
        Tomcat tomcat = serverOf(servlet, arguments[1]);
        tomcat.start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(tomcat)));
        System.out.println("listening on http://127.0.0.1:" + tomcat.getConnector().getLocalPort());
        tomcat.getServer().await();
    }

    private static Tomcat serverOf(HttpServlet servlet, String port) {
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(new File("build/java").getAbsolutePath());
        Connector connector = new Connector();
        connector.setProperty("address", "127.0.0.1");
        connector.setPort(Integer.parseInt(port));
        tomcat.setConnector(connector);
        Context site = tomcat.addContext("", null);
        Tomcat.addServlet(site, "site", servlet);
        site.addServletMappingDecoded("/", "site");
        return tomcat;
    }

    /** Ends with status 0: a JVM that was asked to end would say 143. */
    private static void stop(Tomcat tomcat) {
        try {
            tomcat.stop();
            Runtime.getRuntime().halt(0);
        } catch (LifecycleException e) {
            Runtime.getRuntime().halt(4);
        }
    }
}
