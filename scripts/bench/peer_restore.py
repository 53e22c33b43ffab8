"""What VPO's own restore does, with Python's standard library.

With --once every step happens once: open, read the metadata, extract, quick_check, rename. Without it as often
as in VPO, which validates first (list the names, read the metadata, extract, quick_check) and then extracts and
checks again.

usage: peer_restore.py [--once] ARCHIVE LIBRARY
"""

import json
import os
import shutil
import sqlite3
import sys
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path


def read_metadata(tar: tarfile.TarFile) -> dict:
    return json.load(tar.extractfile(tar.getmember("backup_metadata.json")))


def extract(tar: tarfile.TarFile, target: Path) -> None:
    with open(target, "wb") as out:
        shutil.copyfileobj(tar.extractfile(tar.getmember("library.db")), out)


def check(database: Path) -> None:
    with closing(sqlite3.connect(database)) as connection:
        result = connection.execute("PRAGMA quick_check").fetchone()[0]
    if result != "ok":
        sys.exit(f"damaged: {result}")


def validate(archive: Path) -> None:
    with tarfile.open(archive, "r:gz") as tar:
        names = tar.getnames()
    if not {"library.db", "backup_metadata.json"} <= set(names):
        sys.exit("not a backup")
    with tarfile.open(archive, "r:gz") as tar:
        read_metadata(tar)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, "library.db")
        with tarfile.open(archive, "r:gz") as tar:
            tar.extract("library.db", scratch)
        check(copy)


def main(archive: Path, library: Path, once: bool) -> None:
    if not once:
        validate(archive)
    new = library.with_suffix(".db.restore-tmp")
    with tarfile.open(archive, "r:gz") as tar:
        if once:
            read_metadata(tar)
        extract(tar, new)
    check(new)
    for suffix in ("-wal", "-shm"):
        Path(f"{library}{suffix}").unlink(missing_ok=True)
    os.replace(new, library)


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--once"]
    main(Path(arguments[0]), Path(arguments[1]), "--once" in sys.argv)
