"""A folder mounted as a share with quirks: share.py SOURCE MOUNTPOINT [QUIRK...]. It ends when it is unmounted.

OP=ERRNO      a call that fails: chmod chown link fsync fsyncdir statfs unlink rename
blocks=N frsize=N bsize=N free=BYTES      what statvfs tells
wait=OP       such a call, and all behind it, says "waiting" and waits until SIGUSR1 comes; not for reading a file's beginning
owner=UID     all belongs to this user, whoever made it
"""

import errno
import os
import signal
import sys
import threading

from fusepy import FUSE, FuseOSError, Operations

SOURCE, MOUNTPOINT, *WORDS = sys.argv[1:]
QUIRKS = dict(word.split("=") for word in WORDS)

ANSWERING = threading.Event()
signal.signal(signal.SIGUSR1, lambda *_: ANSWERING.set())


class Share(Operations):
    def __call__(self, op, path, *args):
        if QUIRKS.get("wait") == op and not ANSWERING.is_set() and not (op == "read" and args[1] == 0):
            print("waiting", flush=True)
            while not ANSWERING.wait(0.02):
                pass
        if op in QUIRKS:
            raise FuseOSError(getattr(errno, QUIRKS[op]))
        return super().__call__(op, SOURCE + path if path else path, *args)

    def getattr(self, path, fh=None):
        found = os.lstat(path)
        names = [name for name in dir(found) if name.startswith("st_") and not name.endswith("_ns")]
        owner = {"st_uid": int(QUIRKS["owner"])} if "owner" in QUIRKS else {}
        return {name: getattr(found, name) for name in names} | owner

    def statfs(self, path):
        real = os.statvfs(path)
        told = {"f_namemax": real.f_namemax}
        for name in ("f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree", "f_favail", "f_bsize", "f_frsize"):
            told[name] = int(QUIRKS.get(name[2:], getattr(real, name)))
        if "free" in QUIRKS:
            told["f_bavail"] = told["f_bfree"] = int(QUIRKS["free"]) // told["f_frsize"]
        return told

    def readdir(self, path, fh):
        return [".", "..", *os.listdir(path)]

    def create(self, path, mode, fi=None):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)

    def open(self, path, flags):
        return os.open(path, flags)

    def read(self, path, size, offset, fh):
        return os.pread(fh, size, offset)

    def write(self, path, data, offset, fh):
        return os.pwrite(fh, data, offset)

    def truncate(self, path, length, fh=None):
        os.truncate(path, length)

    def fsync(self, path, datasync, fh):
        os.fsync(fh)

    def release(self, path, fh):
        os.close(fh)

    def chmod(self, path, mode):
        os.chmod(path, mode)

    def chown(self, path, uid, gid):
        os.chown(path, uid, gid)

    def link(self, target, source):
        os.link(SOURCE + source, target)

    def rename(self, old, new):
        os.rename(old, SOURCE + new)

    def symlink(self, target, source):
        os.symlink(source, target)

    def readlink(self, path):
        return os.readlink(path)

    def unlink(self, path):
        os.unlink(path)

    def mkdir(self, path, mode):
        os.mkdir(path, mode)

    def rmdir(self, path):
        os.rmdir(path)

    def utimens(self, path, times=None):
        os.utime(path, times)


FUSE(Share(), MOUNTPOINT, foreground=True, nothreads=True, allow_other=True, attr_timeout=0, entry_timeout=0)
