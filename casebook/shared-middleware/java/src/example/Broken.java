package example;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** The visit is a field of the servlet. There is one servlet, and a thread for every request. */
public final class Broken extends HttpServlet {
    private static final long serialVersionUID = 1;

    private transient Visit visit;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        visit = Visit.of(request);
        Work.isDone();
        answer(response);
    }

    private void answer(HttpServletResponse response) throws IOException {
        visit.setCookies(response);
        response.setContentType("application/json");
        response.getWriter().print(visit.page());
    }
}
