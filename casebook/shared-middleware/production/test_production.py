"""Asks the generated data for the incident's figures, in SQLite and, where it is installed, in PostgreSQL."""

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import unittest
from pathlib import Path

from incident import FIX, incident, written
from stores import HERE, write_csv, write_sqlite

CHECKS = [
    (re.match(r"-- (.*)\n", part)[1], part)
    for part in (HERE / "checks.sql").read_text().split("\n\n")[1:]
]
POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def scratch():
    return Path(tempfile.mkdtemp(prefix="shared-middleware-"))


def asked_sqlite(rows):
    folder = scratch()
    try:
        write_sqlite(rows, folder / "data.sqlite")
        database = sqlite3.connect(folder / "data.sqlite")
        return {what: database.execute(query).fetchone()[0] for what, query in CHECKS}
    finally:
        shutil.rmtree(folder)


class TheIncidentsSize(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = incident(seed=1, scale=1)
        cls.asked = asked_sqlite(cls.rows)

    def test_the_published_figures_are_met_exactly(self):
        self.assertEqual(self.asked["before: visitors"], 172_000)
        self.assertEqual(self.asked["before: sessions"], 178_428)
        self.assertGreaterEqual(self.asked["before: visitors with 1500 sessions or more"], 2)

    def test_the_session_rate_drops_by_more_than_nine_tenths(self):
        self.assertLess(self.asked["the day after: sessions"], 0.1 * self.asked["the day before: sessions"])

    def test_new_visitors_have_between_1_and_1_5_sessions(self):
        ratio = self.asked["after: sessions of new visitors"] / self.asked["after: new visitors"]
        self.assertTrue(1.0 <= ratio <= 1.5, ratio)

    def test_after_the_fix_only_old_hubs_have_more_than_ten_sessions(self):
        self.assertEqual(self.asked["after: visitors with more than 100 sessions"], 0)
        self.assertEqual(self.asked["after: visitors with more than 10 sessions"], 2)

    def test_the_truth_covers_every_session_once(self):
        self.assertEqual([row[0] for row in self.rows.truth], [row[0] for row in self.rows.sessions])
        self.assertEqual({(why, flag) for _, flag, why, _ in self.rows.truth}, {("clean", 0), ("orphan", 1), ("foreign", 1)})

    def test_a_foreign_session_is_anothers_than_its_visitors_first(self):
        persons = {}
        for (_, _, why, person), (_, _, visitor, _) in zip(self.rows.truth, self.rows.sessions):
            if why == "foreign":
                self.assertNotEqual(persons[visitor], person)
            elif why == "clean":
                self.assertEqual(persons.setdefault(visitor, person), person)

    def test_no_new_orphan_comes_after_the_fix(self):
        after = {row[0] for row in self.rows.sessions if row[3] >= written(FIX)}
        self.assertEqual({why for number, _, why, _ in self.rows.truth if number in after}, {"clean", "foreign"})

    def test_sessions_without_events_are_nearly_but_not_quite_the_orphans(self):
        orphans = sum(why == "orphan" for _, _, why, _ in self.rows.truth)
        empty = self.asked["all: sessions without events"]
        self.assertTrue(orphans < empty < 1.01 * orphans, (orphans, empty))

    def test_nothing_happens_in_a_session_before_it_begins_or_outside_it(self):
        begun = {number: (visitor, at) for number, _, visitor, at in self.rows.sessions}
        for _, session, visitor, _, at in self.rows.events:
            self.assertEqual(begun[session][0], visitor)
            self.assertLessEqual(begun[session][1], at)


class EverySize(unittest.TestCase):
    def test_a_seed_always_gives_the_same(self):
        first, again, other = (incident(seed, 0.02) for seed in (7, 7, 8))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_sizes_scale(self):
        for scale in (0.02, 0.3):
            rows = incident(3, scale)
            before = [row for row in rows.sessions if row[3] < written(FIX)]
            self.assertEqual(len(before), round(178_428 * scale))

    def test_the_files_say_what_the_rows_say(self):
        rows, folder = incident(1, 0.02), scratch()
        try:
            write_csv(rows, folder)
            for name in ("visitors", "sessions", "events", "truth"):
                lines = (folder / f"{name}.csv").read_text().splitlines()
                self.assertEqual(lines[1:], [",".join(map(str, row)) for row in getattr(rows, name)])
        finally:
            shutil.rmtree(folder)


@unittest.skipUnless(POSTGRES, "PostgreSQL is not installed (Debian: apt-get install postgresql)")
class PostgreSQL(unittest.TestCase):
    """A server of our own in a folder of our own, which listens on no network."""

    def setUp(self):
        self.folder = scratch()
        self.addCleanup(shutil.rmtree, self.folder)
        # PostgreSQL refuses to run as root.
        self.user = "postgres" if os.geteuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user)
        self.ask("initdb", "--pgdata", self.folder / "data", "--auth", "trust", "--username", "tester", "--no-sync")
        settings = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off"
        self.ask("pg_ctl", "start", "--wait", "-D", self.folder / "data", "-l", self.folder / "log", "-o", settings)
        self.addCleanup(self.ask, "pg_ctl", "stop", "--wait", "--mode", "immediate", "-D", self.folder / "data")

    def ask(self, program, *arguments, cwd=None):
        done = subprocess.run([POSTGRES[-1].parent / program, *arguments], user=self.user, cwd=cwd or self.folder,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def psql(self, *arguments, cwd=None):
        return self.ask("psql", "--host", self.folder, "--username", "tester", "--no-psqlrc", "--quiet", "--tuples-only",
                        "--no-align", *arguments, "postgres", cwd=cwd)

    def test_it_is_loaded_and_says_the_same_as_sqlite(self):
        rows, csv = incident(1, 0.1), self.folder / "csv"
        write_csv(rows, csv)
        for name in ("schema.sql", "load.sql"):
            shutil.copy(HERE / name, csv)
        self.psql("--file", "load.sql", cwd=csv)
        answered = [int(line) for line in self.psql("--command", "".join(query for _, query in CHECKS)).split()]
        self.assertEqual(answered, list(asked_sqlite(rows).values()))


if __name__ == "__main__":
    unittest.main()
