package example;

/** What every page does. */
final class Work {
    private static final long MILLISECONDS = 10;

    private Work() {}

    /** Takes as long as a page that asks a database. */
    static void isDone() {
        try {
            Thread.sleep(MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
