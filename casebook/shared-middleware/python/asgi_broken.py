"""The visit is an attribute of the middleware. There is one thread, but the site awaits, and then others run."""

from asgi_site import cookie_header, site_asking
from visits import cookies_for, visit_of


class Tracking:
    def __init__(self):
        self.visit = None
        self.site = site_asking(lambda: self.visit)

    async def __call__(self, scope, receive, send):
        self.visit = visit_of(cookie_header(scope), scope["query_string"].decode())

        async def send_with_cookies(message):
            if message["type"] == "http.response.start":
                cookies = [(b"set-cookie", cookie.encode()) for cookie in cookies_for(self.visit)]
                message = {**message, "headers": [*message["headers"], *cookies]}
            await send(message)

        await self.site(scope, receive, send_with_cookies)


application = Tracking()
