"""The visit is a local variable, and a context variable for those who are not handed it."""

from contextvars import ContextVar

from visits import cookies_for, visit_of
from wsgi_site import site_asking

current_visit = ContextVar("current_visit")


class Tracking:
    def __init__(self):
        self.site = site_asking(current_visit.get)

    def __call__(self, environ, start_response):
        visit = visit_of(environ.get("HTTP_COOKIE", ""), environ["QUERY_STRING"])

        def start_with_cookies(status, headers, *rest):
            return start_response(status, headers + [("Set-Cookie", cookie) for cookie in cookies_for(visit)], *rest)

        # The thread goes on to other requests, so the variable is taken back.
        token = current_visit.set(visit)
        try:
            return self.site(environ, start_with_cookies)
        finally:
            current_visit.reset(token)


application = Tracking()
