import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Fails in the way that its argument names. */
public class Failing {
    static class Rejected extends RuntimeException {
        Rejected(String why, Throwable cause) {
            super(why, cause);
        }
    }

    static int total(Map<String, Integer> orders, String name) {
        return orders.get(name);
    }

    static void remove(List<Integer> orders) {
        for (Integer order : orders) {
            orders.remove(order);
        }
    }

    static void chained() {
        try {
            total(new HashMap<>(), "none");
        } catch (NullPointerException e) {
            throw new Rejected("order 17", e);
        }
    }

    static int deep(int n) {
        return deep(n + 1) + 1;
    }

    static void crash() throws Exception {
        Field field = Class.forName("sun.misc.Unsafe").getDeclaredField("theUnsafe");
        field.setAccessible(true);
        ((sun.misc.Unsafe) field.get(null)).putAddress(0, 0);
    }

    static void logged() {
        try {
            total(new HashMap<>(), "none");
        } catch (NullPointerException e) {
            System.err.println("WARN could not count, trying again");
            e.printStackTrace();
        }
    }

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "null" -> total(new HashMap<>(), "none");
            case "thread" -> {
                Thread worker = new Thread(() -> remove(new ArrayList<>(List.of(1, 2, 3))), "worker-3");
                worker.start();
                worker.join();
            }
            case "chained" -> chained();
            case "future" -> CompletableFuture.runAsync(() -> total(new HashMap<>(), "none")).join();
            case "deep" -> deep(0);
            case "memory" -> {
                List<byte[]> all = new ArrayList<>();
                while (true) all.add(new byte[1 << 20]);
            }
            case "crash" -> crash();
            case "logged" -> logged();
            default -> System.out.println("done");
        }
    }
}
