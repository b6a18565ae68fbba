"""The slow site for threads. It asks the middleware whose request this is, as templates and models do."""

import time

from visits import WORK, page_for


def site_asking(current_visit):
    def site(environ, start_response):
        time.sleep(WORK)
        body = page_for(environ["PATH_INFO"], current_visit())
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    return site
