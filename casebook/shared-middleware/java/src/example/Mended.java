package example;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** The visit is a local variable, handed on. */
public final class Mended extends HttpServlet {
    private static final long serialVersionUID = 1;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Visit visit = Visit.of(request);
        Work.isDone();
        answer(response, visit);
    }

    private static void answer(HttpServletResponse response, Visit visit) throws IOException {
        visit.setCookies(response);
        response.setContentType("application/json");
        response.getWriter().print(visit.page());
    }
}
