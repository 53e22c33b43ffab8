"""Runs SQL on a database with Python's SQLite, which lets a schema be rewritten by hand; Bun's does not.

usage: python-sqlite.py DATABASE < script.sql
"""

import sqlite3
import sys

connection = sqlite3.connect(sys.argv[1])
connection.executescript(sys.stdin.read())
connection.commit()
connection.close()
