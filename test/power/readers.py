"""Opens libraries with Python's sqlite3, as a person without vpo would: a path a line in, a digest of all that it holds out."""

import hashlib
import sqlite3
import sys

for line in sys.stdin:
    try:
        library = sqlite3.connect(line.rstrip("\n"))
        integrity = library.execute("PRAGMA integrity_check").fetchone()[0]
        digest = hashlib.sha256("\n".join(library.iterdump()).encode()).hexdigest()
        library.close()
        print(digest if integrity == "ok" else integrity.replace("\n", " "), flush=True)
    except sqlite3.Error as error:
        print(f"{type(error).__name__}: {error}", flush=True)
