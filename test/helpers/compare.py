"""Pairs of libraries that differ at random, and what differs, found by brute force from VPO's own schema.

usage: compare.py make LIBRARY FOLDER FIRST_SEED COUNT
       compare.py verify FOLDER FIRST_SEED COUNT
The first writes FOLDER/SEED.old.db and FOLDER/SEED.new.db, and prints {SEED: {"files": …, "tables": …}} as JSON. The
second prints {SEED: [PROBLEM, …]}: what is wrong with FOLDER/SEED.result.db, if that is to be the new library with all
that it had lost against the old one.
"""

import json
import os
import random
import shutil
import sqlite3
import sys

LOOKED = {"scanned_at", "created_at", "updated_at"}
# What belongs to what, and by what it is told apart there; None: by its place.
BELONGS = {
    "tracks": ("file_id", "files", "track_index"),
    "transcription_results": ("track_id", "tracks", ()),
    "language_analysis_results": ("track_id", "tracks", ()),
    "track_classification_results": ("track_id", "tracks", ()),
    "language_segments": ("analysis_id", "language_analysis_results", None),
    "operations": ("file_id", "files", "id"),
    "jobs": ("file_id", "files", "id"),
    "processing_stats": ("file_id", "files", "id"),
    "action_results": ("stats_id", "processing_stats", None),
    "performance_metrics": ("stats_id", "processing_stats", None),
}
KEYS = {"_meta": "key"}


def rows(db, table):
    cursor = db.execute(f'SELECT * FROM "{table}" ORDER BY rowid')
    names = [d[0] for d in cursor.description]
    return [dict(zip(names, row)) for row in cursor]


def read(path):
    db = sqlite3.connect(path)
    db.text_factory = bytes
    tables = [
        name.decode()
        for (name,) in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
    ]
    content = {table: rows(db, table) for table in tables}
    db.close()
    return content


def identify(content):
    """Gives each row an identity that does not depend on numbers, and the file that it belongs to."""
    found = {"files": {}}
    by_id = {"files": {}}
    for row in content["files"]:
        found["files"][row["path"]] = (row, row["path"])
        by_id["files"][row["id"]] = (row["path"], row["path"])
    for table, (column, parent, key) in BELONGS.items():
        found[table], by_id[table], places = {}, {}, {}
        for row in content.get(table, []):
            owner, file = by_id[parent].get(row[column], (None, None))
            if owner is None:
                identity = ("alone", row["id"])
            elif key is None:
                places[owner] = places.get(owner, 0) + 1
                identity = (owner, places[owner])
            else:
                identity = (owner, row[key] if key else "only")
            assert identity not in found[table]
            found[table][identity] = (row, file)
            by_id[table][row["id"]] = (identity, file)
    for table in content:
        if table not in found:
            found[table] = {
                row[KEYS.get(table, "id")]: (row, None) for row in content[table]
            }
    return found, by_id


def meaning(table, column, value, by_id):
    if table in BELONGS and column == BELONGS[table][0]:
        return None
    if table == "plans" and column == "file_id" and value in by_id["files"]:
        return ("file", by_id["files"][value][0])
    return value


def state(table, a, b, ids):
    is_looked = False
    for column in a.keys() & b.keys():
        if column == "id" and (table in BELONGS or table == "files"):
            continue
        if meaning(table, column, a[column], ids[0]) != meaning(
            table, column, b[column], ids[1]
        ):
            if column in LOOKED or (table == "files" and column == "job_id"):
                is_looked = True
            else:
                return "changed"
    return "lookedAgain" if is_looked else None


def compare(old_path, new_path):
    old, new = read(old_path), read(new_path)
    (was, old_ids), (now, new_ids) = identify(old), identify(new)
    touched = {}
    tables = {}
    for table in sorted(old.keys() | new.keys()):
        a, b = was.get(table, {}), now.get(table, {})
        if table not in old:
            a = {}
        if table not in new:
            b = {}
        counts = dict(added=0, removed=0, changed=0, lookedAgain=0)
        for identity in a.keys() | b.keys():
            if identity not in b:
                kind, file = "removed", a[identity][1]
            elif identity not in a:
                kind, file = "added", b[identity][1]
            else:
                kind = state(
                    table, a[identity][0], b[identity][0], (old_ids, new_ids)
                )
                file = a[identity][1]
            if kind is None:
                continue
            counts[kind] += 1
            if file is not None:
                touched.setdefault(file, set()).add(
                    "lookedAgain" if kind == "lookedAgain" else "changed"
                )
        tables[table] = counts
    files = dict(added=0, removed=0, changed=0, lookedAgain=0, unchanged=0)
    paths = (was["files"].keys(), now["files"].keys())
    files["removed"] = len(paths[0] - paths[1])
    files["added"] = len(paths[1] - paths[0])
    for path in paths[0] & paths[1]:
        kinds = touched.get(path, set())
        kind = (
            "changed"
            if "changed" in kinds
            else "lookedAgain" if kinds else "unchanged"
        )
        files[kind] += 1
    return {"files": files, "tables": tables}


ODD = [None, "", "it's", "a\nb", "1", 1, 1.5, b"\x00\xff", "ä", -1, 2**62]


class Life:
    """Lets a library live on at random."""

    def __init__(self, db, rng):
        self.db, self.rng = db, rng
        db.execute("PRAGMA foreign_keys = ON")
        self.has = {
            name
            for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        }

    def some(self, table, most):
        ids = [id for (id,) in self.db.execute(f"SELECT id FROM {table}")]
        return self.rng.sample(ids, min(len(ids), self.rng.randint(0, most)))

    def insert(self, table, **values):
        names = ", ".join(values)
        marks = ", ".join("?" for _ in values)
        return self.db.execute(
            f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values())
        ).lastrowid

    def add_tracks(self, file):
        for index in range(self.rng.randint(0, 4)):
            track = self.insert(
                "tracks",
                file_id=file,
                track_index=index,
                track_type=self.rng.choice(["audio", "video"]),
                title=self.rng.choice(ODD),
            )
            if self.rng.random() < 0.5:
                analysis = self.insert(
                    "language_analysis_results",
                    track_id=track,
                    file_hash="h",
                    primary_language="eng",
                    primary_percentage=1,
                    classification="SINGLE_LANGUAGE",
                    created_at=str(self.rng.random()),
                    updated_at="u",
                )
                for at in range(self.rng.randint(0, 3)):
                    self.insert(
                        "language_segments",
                        analysis_id=analysis,
                        language_code=self.rng.choice(["eng", "ger"]),
                        start_time=at,
                        end_time=at + 1,
                        confidence=0.5,
                    )

    def add_file(self):
        n = self.rng.random()
        folder = self.rng.choice(["/mnt/media/TV/Show 0", "/mnt/media/New (1%_)", "/mnt/media/New (1%_)x"])
        file = self.insert(
            "files",
            path=f"{folder}/{n}.mkv",
            filename=f"{n}.mkv",
            directory=folder,
            extension="mkv",
            size_bytes=1,
            modified_at="m",
            scanned_at="s",
            plugin_metadata=self.rng.choice(ODD),
        )
        self.add_tracks(file)
        self.add_stats(file)

    def add_stats(self, file):
        stats = "%032x" % self.rng.getrandbits(128)
        self.insert(
            "processing_stats",
            id=stats,
            file_id=file,
            processed_at="p",
            policy_name="p",
            size_before=1,
            size_after=1,
            size_change=0,
            duration_seconds=self.rng.random(),
            success=1,
        )
        for _ in range(self.rng.randint(0, 3)):
            self.insert(
                "action_results",
                stats_id=stats,
                action_type=self.rng.choice("abc"),
                success=1,
                message=self.rng.choice(ODD),
            )

    def rescan(self, file):
        """As VPO does it: the same tracks get new numbers."""
        kept = [
            dict(zip([d[0] for d in c.description], row))
            for c in [self.db.execute("SELECT * FROM tracks WHERE file_id = ? ORDER BY id", [file])]
            for row in c
        ]
        self.db.execute("DELETE FROM tracks WHERE file_id = ?", [file])
        self.rng.shuffle(kept)
        for track in kept:
            del track["id"]
            self.insert("tracks", **track)
        self.db.execute(
            "UPDATE files SET scanned_at = ?, job_id = ? WHERE id = ?",
            [str(self.rng.random()), "j", file],
        )

    def renumber(self, file):
        """Removed and found again: everything gets a new number."""
        self.db.execute("PRAGMA foreign_keys = OFF")
        top = self.db.execute("SELECT max(id) FROM files").fetchone()[0] + 1
        self.db.execute("UPDATE files SET id = ? WHERE id = ?", [top, file])
        for table in ["tracks", "operations", "jobs", "processing_stats", "plans"]:
            self.db.execute(f"UPDATE {table} SET file_id = ? WHERE file_id = ?", [top, file])

    def swap(self):
        """Two files exchange their numbers."""
        ids = self.some("files", 2)
        if len(ids) < 2:
            return
        a, b = ids
        for table, column in [("files", "id"), ("tracks", "file_id"), ("processing_stats", "file_id"), ("plans", "file_id"), ("jobs", "file_id"), ("operations", "file_id")]:
            for before, after in [(a, -a), (b, a), (-a, b)]:
                self.db.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", [after, before])

    def year(self):
        rng, db = self.rng, self.db
        for _ in range(rng.randint(0, 5)):
            self.add_file()
        db.commit()
        db.execute("PRAGMA foreign_keys = ON")
        for file in self.some("files", 5):
            db.execute("DELETE FROM files WHERE id = ?", [file])
        for file in self.some("files", 4):
            self.rescan(file)
        for file in self.some("files", 3):
            self.add_stats(file)
        for track in self.some("tracks", 3):
            db.execute("UPDATE tracks SET title = ? WHERE id = ?", [rng.choice(ODD), track])
        for track in self.some("tracks", 2):
            db.execute("DELETE FROM tracks WHERE id = ?", [track])
        for stats in self.some("processing_stats", 2):
            db.execute("DELETE FROM processing_stats WHERE id = ?", [stats])
        for action in self.some("action_results", 3):
            db.execute("DELETE FROM action_results WHERE id = ?", [action])
        for file in self.some("files", 3):
            db.execute("UPDATE files SET scanned_at = ? WHERE id = ?", [str(rng.random()), file])
        for file in self.some("files", 3):
            db.execute("UPDATE files SET plugin_metadata = ?, scan_error = CAST(? AS TEXT) WHERE id = ?", [rng.choice(ODD), rng.choice([b"\xff\xfe", b"\xff", b""]), file])
        for file in self.some("files", 3):
            db.execute("UPDATE files SET path = path || 'x' WHERE id = ?", [file])
        for row in self.some("track_classification_results", 3):
            db.execute("UPDATE track_classification_results SET updated_at = ? WHERE id = ?", [str(rng.random()), row])
        for file in self.some("files", 2) + [None]:
            self.insert("plans", id="%032x" % rng.getrandbits(128), file_id=file, file_path="p", policy_name="n", policy_version=1, actions_json="[]", action_count=0, requires_remux=0, created_at="c", updated_at="u")
            self.insert("jobs", id="%032x" % rng.getrandbits(128), file_id=file, file_path="p", job_type="move", created_at="c")
        for plan in self.some("plans", 2):
            db.execute("UPDATE plans SET status = 'applied', file_id = NULL WHERE id = ?", [plan])
        for _ in range(rng.randint(0, 3)):
            self.insert("library_snapshots", snapshot_at="s", total_files=rng.randint(0, 9), total_size_bytes=1, missing_files=0)
        for row in self.some("library_snapshots", 2):
            db.execute("DELETE FROM library_snapshots WHERE id = ?", [row])
        db.commit()
        db.execute("PRAGMA foreign_keys = OFF")
        for file in self.some("files", 3):
            self.renumber(file)
        if rng.random() < 0.5:
            self.swap()
        db.commit()


def make(library, folder, seed):
    rng = random.Random(seed)
    old, new = (os.path.join(folder, f"{seed}.{side}.db") for side in ["old", "new"])
    shutil.copy(library, old)
    with sqlite3.connect(old) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        Life(db, rng).year()
    db.close()
    shutil.copy(old, new)
    db = sqlite3.connect(new)
    life = Life(db, rng)
    for _ in range(rng.randint(0, 2)):
        life.year()
    if rng.random() < 0.2:
        db.execute("DROP TABLE plugin_acknowledgments")
        db.execute("CREATE TABLE later (id INTEGER PRIMARY KEY, x)")
        db.execute("INSERT INTO later (x) VALUES (1), (2)")
    db.commit()
    if rng.random() < 0.3:
        db.execute("VACUUM")
    db.close()
    if rng.random() < 0.3:
        old, new = new, old
        os.rename(old, old + "_"), os.rename(new, old), os.rename(old + "_", new)
        old, new = new, old
    return compare(*(os.path.join(folder, f"{seed}.{side}.db") for side in ["old", "new"]))


RECORDS = ["operations", "jobs", "processing_stats", "plans"]


def verify(folder, seed):
    path = lambda side: os.path.join(folder, f"{seed}.{side}.db")
    old, live, result = (read(path(side)) for side in ["old", "new", "result"])
    problems = []
    for table in live:
        if table in result:
            kept = {tuple(row.items()) for row in result[table]}
            problems += [
                f"{table}: lost or changed {row}"
                for row in live[table]
                if tuple(row.items()) not in kept
            ]
        else:
            problems.append(f"{table} is gone")
    (was, old_ids), (now, _), (then, then_ids) = map(identify, [old, live, result])
    left_out = set()
    for table in ["files", *BELONGS, "plans", "policies", "library_snapshots"]:
        ids = {row.get("id") for row in live.get(table, [])}
        for identity, (row, file) in was.get(table, {}).items():
            is_lost = file is not None and file not in now["files"]
            if not is_lost and (table in BELONGS or table == "files"):
                continue
            if identity in now.get(table, {}):
                continue
            owner = identity[0] if table in BELONGS else None
            if (table in RECORDS and row["id"] in ids) or owner in left_out:
                left_out.add(identity)
            elif identity not in then.get(table, {}):
                problems.append(f"{table}: did not come back: {row}")
            else:
                kind = state(table, row, then[table][identity][0], (old_ids, then_ids))
                if kind and not (table == "plans" and row["file_id"] not in old_ids["files"]):
                    problems.append(f"{table}: came back as another: {row}")
    db = sqlite3.connect(path("result"))
    problems += [str(row) for row in db.execute("PRAGMA foreign_key_check")]
    problems += [line for (line,) in db.execute("PRAGMA integrity_check") if line != "ok"]
    db.close()
    return problems


def main():
    command, *args, first, count = sys.argv[1:]
    work = {"make": make, "verify": verify}[command]
    seeds = range(int(first), int(first) + int(count))
    print(json.dumps({seed: work(*args, seed) for seed in seeds}))


if __name__ == "__main__":
    main()
