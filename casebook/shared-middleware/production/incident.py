"""The incident's data, from a seed: who came, what was stored, and what of it is true.

Before the fix most stored sessions are nobody's. A request whose ids were overwritten left a visitor and a session
behind that no browser was ever told of (an *orphan*, without events), and now and then many browsers were given the
cookie of one visitor, whose sessions are other people's from then on (*foreign*). The published figures are sums, so
the parts are chosen to give exactly these sums: 172,000 visitors with 178,428 sessions, some of them with more than
1,500, a drop of the session rate by a little more than 90 % at the fix, and 1.0 to 1.5 sessions per new visitor after it.

Cookies outlive the fix. Browsers that carry somebody else's visitor cookie go on filing their sessions under it, so a
few foreign sessions come after the fix too.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

FIX = datetime(2025, 12, 22, 21, 30, tzinfo=timezone.utc)
BEFORE = timedelta(days=7)
AFTER = timedelta(days=2)

VISITORS, SESSIONS = 172_000, 178_428
PEOPLE_SHARE = 0.06
"""Of the visitors before the fix. With it, a tenth of the session rate is left: what people make."""
HUBS, HUB_SESSIONS = 2, (1_510, 1_890)
LEAKS, LEAK_SESSIONS = 12, (11, 60)
"""Visitors whose cookie went to many browsers, and to some."""
NEW_VISITORS, RETURNING_SESSIONS = 3_400, 600
"""After the fix: visitors who are new, and sessions of people who had come before."""
RETURN_VISITS = 0.2
"""Further sessions per new visitor."""
AFTERGLOW = 0.015
"""Of the foreign sessions before the fix, how many come again after it."""
WITHOUT_EVENTS = 0.02
"""Of the sessions of people: they left before the page could report."""
HOURS = [2, 1, 1, 1, 2, 3, 5, 8, 10, 11, 11, 11, 11, 11, 11, 11, 11, 12, 13, 14, 13, 11, 7, 4]
"""Requests by hour of the day, where the people live: eleven hours ahead of UTC."""
LOCAL = timedelta(hours=11)
KINDS = ["page_view"] * 7 + ["search", "add_to_cart", "sign_up"]


@dataclass(slots=True)
class Session:
    visitor: int
    at: datetime
    person: int
    why: str = ""
    """Empty if the session is clean, otherwise "orphan" or "foreign"."""
    id: int = 0


@dataclass
class Incident:
    """Rows as they were stored, by time, and the truth beside them."""

    visitors: list[tuple] = field(default_factory=list)
    sessions: list[tuple] = field(default_factory=list)
    events: list[tuple] = field(default_factory=list)
    truth: list[tuple] = field(default_factory=list)


class Story:
    """Makes sessions, first by visitor, later by time."""

    def __init__(self, seed, scale):
        self.random = random.Random(seed)
        self.scale = scale
        self.sessions = []
        self.visitors = 0
        self.persons = 0

    def scaled(self, count):
        return max(1, round(count * self.scale))

    def visitor(self):
        self.visitors += 1
        return self.visitors

    def person(self):
        self.persons += 1
        return self.persons

    def moment(self, start, length):
        """A time within the period, as likely as the hour is busy."""
        while True:
            at = start + self.random.random() * length
            if self.random.random() * max(HOURS) < HOURS[(at + LOCAL).hour]:
                return at

    def before(self):
        return self.moment(FIX - BEFORE, BEFORE)

    def after(self):
        return self.moment(FIX, AFTER)

    def add(self, *session):
        self.sessions.append(Session(*session))

    def shared_cookies(self):
        """Visitors whose cookie other people got. Returns how many sessions beyond one per visitor that makes."""
        foreign = 0
        # A small copy of the data has smaller hubs, a large one has more of them.
        hubs, shrink = max(HUBS, round(HUBS * self.scale)), min(1, self.scale)
        leaks = self.scaled(LEAKS)
        for size in [self.random.randint(*HUB_SESSIONS) * shrink for _ in range(hubs)] + [
            self.random.randint(*LEAK_SESSIONS) for _ in range(leaks)
        ]:
            visitor = self.visitor()
            times = sorted(self.before() for _ in range(max(2, round(size))))
            self.add(visitor, times[0], self.person())
            for at in times[1:]:
                self.foreign(visitor, at)
            foreign += len(times) - 1
        return foreign

    def foreign(self, visitor, at):
        person = self.person()
        self.add(visitor, at, person, "foreign")
        if self.random.random() < AFTERGLOW:
            self.add(visitor, self.after(), person, "foreign")

    def people(self, count, further, moment):
        """Visitors who are what they seem, with some further sessions among them. Returns them with their persons."""
        everybody = [(self.visitor(), self.person()) for _ in range(count)]
        for visitor, person in everybody + self.random.choices(everybody, k=further):
            self.add(visitor, moment(), person)
        return everybody

    def orphans(self, count, persons):
        for _ in range(count):
            self.add(self.visitor(), self.before(), self.random.randint(1, persons), "orphan")

    def tell(self):
        visitors, sessions = self.scaled(VISITORS), self.scaled(SESSIONS)
        further = max(0, sessions - visitors - self.shared_cookies())
        known = self.people(round(visitors * PEOPLE_SHARE), further, self.before)
        self.orphans(visitors - self.visitors, self.persons)
        new = self.scaled(NEW_VISITORS)
        self.people(new, round(new * RETURN_VISITS), self.after)
        for visitor, person in self.random.choices(known, k=self.scaled(RETURNING_SESSIONS)):
            self.add(visitor, self.after(), person)


def incident(seed: int, scale: float) -> Incident:
    """The data of one seed. A scale of 1 is the incident's own size, some 410,000 rows."""
    story = Story(seed, scale)
    story.tell()
    story.sessions.sort(key=lambda session: session.at)
    stored, rows = {}, Incident()
    for number, session in enumerate(story.sessions, 1):
        session.id = number
        if session.visitor not in stored:
            stored[session.visitor] = len(stored) + 1
            rows.visitors.append((stored[session.visitor], public_id(story.random), written(session.at)))
        visitor = stored[session.visitor]
        rows.sessions.append((number, public_id(story.random), visitor, written(session.at)))
        rows.truth.append((number, int(session.why != ""), session.why or "clean", session.person))
        rows.events.extend(events_of(session, visitor, story.random))
    rows.events.sort(key=lambda event: event[-1])
    rows.events = [(number, *event) for number, event in enumerate(rows.events, 1)]
    return rows


def events_of(session, visitor, draw):
    """What the person did. Nobody did anything in an orphan."""
    if session.why == "orphan" or draw.random() < WITHOUT_EVENTS:
        return
    at = session.at
    for _ in range(min(12, 1 + int(draw.expovariate(0.5)))):
        yield session.id, visitor, draw.choice(KINDS), written(at)
        at += timedelta(seconds=draw.expovariate(1 / 45))


def public_id(draw):
    return f"{draw.getrandbits(256):064x}"


def written(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
