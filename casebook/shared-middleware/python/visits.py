"""What both middlewares need: who comes, the two cookies, and the page. Nothing here is kept between requests."""

import json
import re
import secrets
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

WORK = 0.010
"""Seconds that every page takes, as one that asks a database does."""

LIFETIMES = {"visitor_id": 2 * 365 * 24 * 60 * 60, "session_id": 30 * 60}
ID = re.compile(r"[A-Za-z0-9_-]{8,128}\Z")


@dataclass(frozen=True)
class Visit:
    """What is known of one request."""

    visitor_id: str
    session_id: str
    campaign: str | None


def visit_of(cookie_header: str, query: str) -> Visit:
    """Whoever brings an id keeps it, whoever does not gets a new one."""
    try:
        cookies = {name: morsel.value for name, morsel in SimpleCookie(cookie_header).items()}
    except CookieError:
        cookies = {}

    def own_or_new(name):
        value = cookies.get(name, "")
        return value if ID.match(value) else secrets.token_hex(32)

    campaign = parse_qs(query).get("utm_campaign", [None])[0]
    return Visit(own_or_new("visitor_id"), own_or_new("session_id"), campaign)


def cookies_for(visit: Visit) -> list[str]:
    """The values of the Set-Cookie headers."""
    return [
        f"{name}={getattr(visit, name)}; Path=/; Max-Age={lifetime}; HttpOnly; SameSite=Lax"
        for name, lifetime in LIFETIMES.items()
    ]


def page_for(path: str, visit: Visit) -> bytes:
    """The page names its visitor."""
    page = {"path": path, "visitor_id": visit.visitor_id, "session_id": visit.session_id, "campaign": visit.campaign}
    return json.dumps(page).encode()
