"""The slow site for one event loop. Where it waits, other requests go on."""

import asyncio

from visits import WORK, page_for


def site_asking(current_visit):
    async def site(scope, receive, send):
        await asyncio.sleep(WORK)
        body = page_for(scope["path"], current_visit())
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return site


def cookie_header(scope):
    return "; ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie")
