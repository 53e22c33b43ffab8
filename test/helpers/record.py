"""Runs a program and records what it does to files under a folder, with all that it writes, in the order it asks for it.

usage: record.py FOLDER LOG -- COMMAND...

LOG gets one JSON document a line: the call, the paths that it names and what it does; written bytes are in LOG.data, at
"at" and "length". A call that the state of the files forbids (a name that is taken) is left out, as it changes nothing.
"""

import ctypes
import json
import os
import sys

sys.dont_write_bytecode = True  # nothing lies about beside the helpers
from trace import ARGUMENTS, BY_NUMBER, NUMBER, PTRACE_GETREGS, Registers, Tracer, link_at, paths_of, ptrace

NO_REPLACE, EXCHANGE = 1, 2


def memory_of(task, address, length):
    with open(f"/proc/{task}/mem", "rb", 0) as memory:
        memory.seek(address)
        found = b""
        while len(found) < length:
            more = memory.read(length - len(found))
            if not more:
                raise OSError("memory that can't be read")
            found += more
        return found


def vectors_of(task, address, count):
    words = memoryview(memory_of(task, address, 16 * count)).cast("Q")
    return b"".join(memory_of(task, words[at], words[at + 1]) for at in range(0, 2 * count, 2))


def position_of(task, descriptor):
    """Where the next write goes: the end for one that appends."""
    with open(f"/proc/{task}/fdinfo/{descriptor}") as info:
        fields = dict(line.split(":", 1) for line in info if ":" in line)
    if int(fields["flags"], 8) & os.O_APPEND:
        return os.stat(f"/proc/{task}/fd/{descriptor}").st_size
    return int(fields["pos"])


def signed(value):
    return ctypes.c_int64(value).value


class Recorder(Tracer):
    def __init__(self, folder, log):
        super().__init__(folder, log, [])
        self.data = open(log + ".data", "wb")

    def call(self, program, task):
        registers = Registers()
        ptrace(PTRACE_GETREGS, task, ctypes.addressof(registers))
        name, where = BY_NUMBER[registers[NUMBER]]
        values = [registers[at] for at in ARGUMENTS]
        paths = [self.real(task, path) for path in paths_of(task, where, values)]
        if any(path == self.folder or path.startswith(self.folder + "/") for path in paths):
            self.record(task, name, values, paths)

    def real(self, task, path):
        """The path with the folders in it resolved, and a descriptor by its path what it is open at."""
        if path.startswith("/proc/self/fd/"):
            return link_at(f"/proc/{task}/fd/{path.rsplit('/', 1)[1]}")
        if not path.startswith("/"):
            return path  # a pipe, a socket
        return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))

    def put(self, does, **fields):
        self.lines.write(json.dumps({"does": does, **fields}) + "\n")
        self.lines.flush()

    def written(self, path, offset, content):
        self.put("write", path=path, offset=offset, at=self.data.tell(), length=len(content))
        self.data.write(content)
        self.data.flush()

    def record(self, task, name, values, paths):
        path, is_there = paths[-1], os.path.lexists(paths[-1])
        has_folder = os.path.isdir(os.path.dirname(path))
        descriptor = values[0] & 0xFFFFFFFF
        if name in ("write", "pwrite64"):
            offset = values[3] if name == "pwrite64" else position_of(task, descriptor)
            self.written(path, offset, memory_of(task, values[1], values[2]))
        elif name in ("writev", "pwritev", "pwritev2"):
            offset = values[3] if name != "writev" else position_of(task, descriptor)
            self.written(path, offset, vectors_of(task, values[1], values[2]))
        elif name in ("sendfile", "copy_file_range"):
            self.copied(task, name, values, path)
        elif name in ("fsync", "fdatasync"):
            self.put("sync", path=path)
        elif name in ("ftruncate", "truncate"):
            self.put("truncate", path=path, size=values[1])
        elif name == "fallocate":
            if values[1] == 0:
                self.put("extend", path=path, size=values[2] + values[3])
        elif name in ("open", "openat", "creat"):
            flags = {"open": values[1], "openat": values[2], "creat": os.O_CREAT | os.O_TRUNC}[name]
            if flags & os.O_TMPFILE == os.O_TMPFILE:
                pass  # it never has a name, and nobody finds it after a cut
            elif flags & os.O_CREAT and not is_there and has_folder:
                self.put("create", path=path)
            elif flags & os.O_TRUNC and is_there and not flags & os.O_EXCL:
                self.put("truncate", path=os.path.realpath(path), size=0)
        elif name in ("mkdir", "mkdirat"):
            if not is_there and has_folder:
                self.put("mkdir", path=path)
        elif name in ("symlink", "symlinkat"):
            if not is_there and has_folder:
                self.put("create", path=path)
        elif name in ("link", "linkat"):
            if not is_there and os.path.lexists(paths[0]):
                self.put("link", source=paths[0], path=path)
        elif name in ("rename", "renameat", "renameat2"):
            flags = values[4] if name == "renameat2" else 0
            if flags & EXCHANGE:
                raise OSError("an exchange of names is not known here")
            if os.path.lexists(paths[0]) and not (flags & NO_REPLACE and is_there):
                self.put("rename", source=paths[0], path=path)
        elif name in ("unlink", "unlinkat", "rmdir"):
            if is_there and not (os.path.isdir(path) and not os.path.islink(path) and os.listdir(path)):
                self.put("remove", path=path)

    def copied(self, task, name, values, path):
        into, source, length = {
            "sendfile": (values[0], values[1], values[3]),
            "copy_file_range": (values[2], values[0], values[4]),
        }[name]
        source, into = source & 0xFFFFFFFF, into & 0xFFFFFFFF
        offset = position_of(task, source)
        with open(f"/proc/{task}/fd/{source}", "rb") as file:
            file.seek(offset)
            self.written(path, position_of(task, into), file.read(length))


def main():
    (folder, log), command = sys.argv[1:sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1:]
    status = Recorder(folder, log).run(command)
    sys.exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


main()
