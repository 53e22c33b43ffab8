"""Makes archives of a library with Python's tarfile, which VPO uses: one as VPO makes it, and some that nobody should.

usage: python-tar.py LIBRARY METADATA FOLDER [KIND …]; writes FOLDER/KIND.tar.gz
"""

import io
import sys

import tarfile

LIBRARY, METADATA, FOLDER = sys.argv[1:4]


def member(name, type=tarfile.REGTYPE, body=b"", **fields):
    info = tarfile.TarInfo(name)
    info.type, info.size = type, len(body)
    info.mtime = 1770301822.5
    for key, value in fields.items():
        setattr(info, key, value)
    return info, io.BytesIO(body)


def library(name="library.db", **fields):
    return member(name, body=open(LIBRARY, "rb").read(), **fields)


def metadata(name="backup_metadata.json", **fields):
    return member(name, body=open(METADATA, "rb").read(), **fields)


KINDS = {
    "gnu": (tarfile.GNU_FORMAT, [library(), metadata()]),
    "ustar": (tarfile.USTAR_FORMAT, [library(mtime=1), metadata(mtime=1)]),
    "long-name-pax": (tarfile.PAX_FORMAT, [library("x" * 300 + "/library.db"), metadata()]),
    "long-name-gnu": (tarfile.GNU_FORMAT, [library("x" * 300 + "/library.db"), metadata()]),
    "long-link-gnu": (tarfile.GNU_FORMAT, [library(), metadata(), member("l", tarfile.SYMTYPE, linkname="x" * 300)]),
    "unicode-name": (tarfile.PAX_FORMAT, [library("libräry.db"), metadata()]),
    "pax-path": (tarfile.PAX_FORMAT, [library(pax_headers={"path": "/etc/passwd"}), metadata()]),
    "pax-size": (tarfile.PAX_FORMAT, [library(pax_headers={"size": "5"}), metadata()]),
    "pax-linkpath": (tarfile.PAX_FORMAT, [library(pax_headers={"linkpath": "/etc/passwd"}), metadata()]),
    "pax-comment": (tarfile.PAX_FORMAT, [library(pax_headers={"comment": "x"}), metadata()]),
    "pax-large-ids": (tarfile.PAX_FORMAT, [library(uid=475842308, gid=475800513), metadata()]),
    "pax-long-names": (tarfile.PAX_FORMAT, [library(uname="anna.katharina.mustermann@corp.example", gname="g" * 200), metadata()]),
    "pax-foreign-names": (tarfile.PAX_FORMAT, [library(uname="jürgen", gname="\udce9t\udce9"), metadata()]),
    "symlink": (tarfile.PAX_FORMAT, [member("library.db", tarfile.SYMTYPE, linkname="/etc/passwd"), metadata()]),
    "hardlink": (tarfile.PAX_FORMAT, [member("library.db", tarfile.LNKTYPE, linkname="/etc/passwd"), metadata()]),
    "fifo": (tarfile.PAX_FORMAT, [member("library.db", tarfile.FIFOTYPE), metadata()]),
    "char-device": (tarfile.PAX_FORMAT, [member("library.db", tarfile.CHRTYPE, devmajor=1, devminor=5), metadata()]),
    "block-device": (tarfile.PAX_FORMAT, [member("library.db", tarfile.BLKTYPE, devmajor=8), metadata()]),
    "folder": (tarfile.PAX_FORMAT, [member("library.db", tarfile.DIRTYPE), metadata()]),
    "contiguous": (tarfile.PAX_FORMAT, [library(type=tarfile.CONTTYPE), metadata()]),
    "many-members": (tarfile.PAX_FORMAT, [library(), metadata(), *[member(f"m{i}", mtime=1) for i in range(10_000)]]),
}


def write(kind, format, members, **options):
    with tarfile.open(f"{FOLDER}/{kind}.tar.gz", "w:gz", format=format, **options) as archive:
        for info, body in members:
            archive.addfile(info, body if info.isreg() else None)


wanted = sys.argv[4:] or ["vpo", "pax-global", *KINDS]
for kind in wanted:
    if kind == "vpo":
        # As vpo/db/backup.py does it: the file by add(), the metadata by addfile().
        with tarfile.open(f"{FOLDER}/vpo.tar.gz", "w:gz") as archive:
            archive.add(LIBRARY, arcname="library.db")
            archive.addfile(*metadata())
    elif kind == "pax-global":
        write(kind, tarfile.PAX_FORMAT, [library(), metadata()], pax_headers={"comment": "x"})
    else:
        write(kind, *KINDS[kind])
