"""Writes the rows down: CSV files, which PostgreSQL loads with load.sql, and an SQLite database."""

import csv
import sqlite3
from pathlib import Path

HERE = Path(__file__).parent
COLUMNS = {
    "visitors": ["id", "visitor_id", "created_at"],
    "sessions": ["id", "session_id", "visitor_id", "created_at"],
    "events": ["id", "session_id", "visitor_id", "event_type", "occurred_at"],
}
TRUTH = ["session_id", "contaminated", "why", "person"]


def write_csv(rows, folder: Path):
    """One file for each table, and truth.csv, which is no table: no production database has it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in (COLUMNS | {"truth": TRUTH}).items():
        with open(folder / f"{name}.csv", "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows(getattr(rows, name))


def write_sqlite(rows, path: Path):
    """The three tables. An older file is replaced."""
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path)
    with database:
        database.executescript((HERE / "schema.sql").read_text())
        for name, columns in COLUMNS.items():
            marks = ", ".join("?" * len(columns))
            database.executemany(f"INSERT INTO {name} VALUES ({marks})", getattr(rows, name))
    database.close()
