"""Another program that uses the library, as VPO's daemon does: a SQLite connection in a process of its own.

Reads one JSON command a line from stdin, answers each with one JSON line, and ends with its input.
  {"open": PATH, "timeout": SECONDS}   connect: the file is open, but not locked
  {"sql": TEXT}                        {"rows": […]} or {"error": NAME, "message": TEXT}
  {"fire": true}                       commit linked transactions until the next command …
  {"cease": true}                      … {"commits": N, "longest_ms": MS, "error": NAME or null}
A transaction moves an amount from one table to another and adds a row to a log: the amounts' sum never changes,
and the log has as many rows as there were commits.
"""

import json
import select
import sqlite3
import sys
import time

ACCOUNTS = 64
SETUP = """
CREATE TABLE IF NOT EXISTS fire_left (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS fire_right (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS fire_log (n INTEGER PRIMARY KEY);
"""


def failure(error):
    return {"error": getattr(error, "sqlite_errorname", type(error).__name__), "message": str(error)}


def ask(database, text):
    try:
        return {"rows": [list(row) for row in database.execute(text).fetchall()]}
    except sqlite3.Error as error:
        return failure(error)


def set_up(database):
    database.executescript(SETUP)
    if database.execute("SELECT count(*) FROM fire_left").fetchone()[0] == 0:
        database.execute("BEGIN")
        for table in ("fire_left", "fire_right"):
            database.executemany(f"INSERT INTO {table} VALUES (?, 1000)", ((n,) for n in range(ACCOUNTS)))
        database.execute("COMMIT")


def commit(database, n):
    database.execute("BEGIN IMMEDIATE")
    try:
        database.execute("UPDATE fire_left SET amount = amount - ? WHERE id = ?", (n % 7, n % ACCOUNTS))
        database.execute("UPDATE fire_right SET amount = amount + ? WHERE id = ?", (n % 7, n * 31 % ACCOUNTS))
        database.execute("INSERT INTO fire_log DEFAULT VALUES")
        database.execute("COMMIT")
    except sqlite3.Error:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def fire(database):
    done, longest, error = 0, 0.0, None
    answer({"rows": []})
    while not select.select([sys.stdin], [], [], 0)[0]:
        began = time.monotonic()
        try:
            commit(database, done)
        except sqlite3.Error as cause:
            error = failure(cause)["error"]
            break
        done += 1
        longest = max(longest, time.monotonic() - began)
    return {"commits": done, "longest_ms": round(longest * 1000), "error": error}


def answer(value):
    print(json.dumps(value), flush=True)


def main():
    database, fired = None, None
    # not `for line in sys.stdin`: select must see what is unread
    for line in iter(lambda: sys.stdin.readline(), ""):
        command = json.loads(line)
        if "open" in command:
            database = sqlite3.connect(command["open"], timeout=command["timeout"], isolation_level=None)
            answer({"rows": []})
        elif "sql" in command:
            answer(ask(database, command["sql"]))
        elif "fire" in command:
            set_up(database)
            fired = fire(database)
        elif "cease" in command:
            answer(fired)


main()
