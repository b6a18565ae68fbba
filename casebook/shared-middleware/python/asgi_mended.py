"""The visit is a local variable, and a context variable for those who are not handed it: each task has its own."""

from contextvars import ContextVar

from asgi_site import cookie_header, site_asking
from visits import cookies_for, visit_of

current_visit = ContextVar("current_visit")


class Tracking:
    def __init__(self):
        self.site = site_asking(current_visit.get)

    async def __call__(self, scope, receive, send):
        visit = visit_of(cookie_header(scope), scope["query_string"].decode())

        async def send_with_cookies(message):
            if message["type"] == "http.response.start":
                cookies = [(b"set-cookie", cookie.encode()) for cookie in cookies_for(visit)]
                message = {**message, "headers": [*message["headers"], *cookies]}
            await send(message)

        token = current_visit.set(visit)
        try:
            await self.site(scope, receive, send_with_cookies)
        finally:
            current_visit.reset(token)


application = Tracking()
