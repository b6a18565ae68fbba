"""The visit is an attribute of the middleware. There is one middleware, and a thread for every request."""

from visits import cookies_for, visit_of
from wsgi_site import site_asking


class Tracking:
    def __init__(self):
        self.visit = None
        self.site = site_asking(lambda: self.visit)

    def __call__(self, environ, start_response):
        self.visit = visit_of(environ.get("HTTP_COOKIE", ""), environ["QUERY_STRING"])

        def start_with_cookies(status, headers, *rest):
            cookies = [("Set-Cookie", cookie) for cookie in cookies_for(self.visit)]
            return start_response(status, headers + cookies, *rest)

        return self.site(environ, start_with_cookies)


application = Tracking()
