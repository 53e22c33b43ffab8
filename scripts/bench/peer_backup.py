"""What VPO's own backup does, step by step, with Python's standard library and nothing checked.

usage: peer_backup.py LIBRARY ARCHIVE
"""

import json
import shutil
import sqlite3
import sys
import tarfile
import tempfile
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path


def main(library: Path, archive: Path) -> None:
    with closing(sqlite3.connect(library)) as source, tempfile.TemporaryDirectory() as scratch:
        files, total = source.execute("SELECT count(*), coalesce(sum(size_bytes), 0) FROM files").fetchone()
        copy = Path(scratch, "library.db")
        with closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        metadata = Path(scratch, "backup_metadata.json")
        metadata.write_text(
            json.dumps(
                {
                    "vpo_version": "0.2.0",
                    "schema_version": 27,
                    "created_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    "database_size_bytes": library.stat().st_size,
                    "file_count": files,
                    "total_library_size_bytes": total,
                    "compression": "gzip",
                },
                indent=2,
            )
        )
        packed = Path(scratch, "archive.tar.gz")
        with tarfile.open(packed, "w:gz") as tar:
            tar.add(copy, arcname="library.db")
            tar.add(metadata, arcname="backup_metadata.json")
        shutil.move(packed, archive)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
