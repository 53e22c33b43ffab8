"""Runs a program and acts at its N-th system call that changes files under a folder, counted over all of its threads.

usage: trace.py FOLDER LOG ACTION N [ACTION N]... -- COMMAND...

ACTION: count   only write each call to LOG, one line each: name, path
        kill    kill -9 the program as it enters the N-th call: the call is not done any more
        hold    at the N-th call write the program's process number to LOG.held, wait until LOG.go is there, and go on
        E…      an errno's name (ENOSPC): the N-th call fails so
        E…+     … and all after it too
A selection like "rename:library.db" instead of a plain N means: the first call of that name with this end of a path;
"rename:library.db:2" the second one.
strace counts its injections for each thread, and Bun spreads file calls over a pool of them: hence this.
"""

import ctypes
import errno
import os
import signal
import struct
import sys
import time

# x86_64: number, and where its paths are: "p" a path, "dp" a folder's descriptor and a path, "f" a descriptor.
CALLS = {
    "write": (1, "f"), "pwrite64": (18, "f"), "writev": (20, "f"), "pwritev": (296, "f"), "pwritev2": (328, "f"),
    "sendfile": (40, "f"), "copy_file_range": (326, "--f"), "fallocate": (285, "f"), "ftruncate": (77, "f"),
    "fsync": (74, "f"), "fdatasync": (75, "f"), "truncate": (76, "p"),
    "open": (2, "p"), "openat": (257, "dp"), "creat": (85, "p"),
    "mkdir": (83, "p"), "mkdirat": (258, "dp"), "rmdir": (84, "p"),
    "rename": (82, "pp"), "renameat": (264, "dpdp"), "renameat2": (316, "dpdp"),
    "link": (86, "pp"), "linkat": (265, "dpdp"), "symlink": (88, "-p"), "symlinkat": (266, "-dp"),
    "unlink": (87, "p"), "unlinkat": (263, "dp"),
    "chmod": (90, "p"), "fchmod": (91, "f"), "fchmodat": (268, "dp"),
    "chown": (92, "p"), "fchown": (93, "f"), "lchown": (94, "p"), "fchownat": (260, "dp"),
}
BY_NUMBER = {number: (name, where) for name, (number, where) in CALLS.items()}
REGISTERS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss "
             "fs_base gs_base ds es fs gs").split()
NUMBER, ANSWER = REGISTERS.index("orig_rax"), REGISTERS.index("rax")
ARGUMENTS = [REGISTERS.index(name) for name in ("rdi", "rsi", "rdx", "r10", "r8", "r9")]

PTRACE_TRACEME, PTRACE_CONT, PTRACE_GETREGS, PTRACE_SETREGS = 0, 7, 12, 13
PTRACE_SETOPTIONS, PTRACE_GETEVENTMSG = 0x4200, 0x4201
EVENT_SECCOMP, EVENT_STOP = 7, 128
# fork, vfork, clone and exec followed, seccomp stops, and the program ends with its tracer
OPTIONS = 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x100000
WALL = 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
Registers = ctypes.c_ulonglong * len(REGISTERS)


def ptrace(request, task, data=0):
    if libc.ptrace(request, task, None, data) < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def stop_at_calls():
    """Lets every call in CALLS stop for the tracer (a seccomp filter), so that all others run at full speed."""
    load_number = struct.pack("HBBI", 0x20, 0, 0, 0)
    trace = struct.pack("HBBI", 0x06, 0, 0, 0x7FF00000)
    allow = struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000)
    numbers = [number for number, _ in CALLS.values()]
    jumps = [struct.pack("HBBI", 0x15, len(numbers) - at, 0, number) for at, number in enumerate(numbers)]
    code = b"".join([load_number, *jumps, allow, trace])
    buffer = ctypes.create_string_buffer(code)
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code) // 8, ctypes.addressof(buffer)))
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")


def start(command):
    task = os.fork()
    if task:
        os.waitpid(task, 0)
        ptrace(PTRACE_SETOPTIONS, task, OPTIONS)
        return task
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_DFL)
        ptrace(PTRACE_TRACEME, 0)
        os.kill(os.getpid(), signal.SIGSTOP)
        stop_at_calls()
        os.execvp(command[0], command)
    finally:
        os._exit(127)


def text_at(task, address):
    with open(f"/proc/{task}/mem", "rb", 0) as memory:
        memory.seek(address)
        # never past the end of a page, where the next one may not be there
        found = b""
        while b"\0" not in found:
            found += memory.read(4096 - (address + len(found)) % 4096)
        return os.fsdecode(found[:found.index(b"\0")])


def link_at(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


def paths_of(task, where, values):
    found, values = [], list(values)
    folder = f"/proc/{task}/cwd"
    for kind in where:
        value = values.pop(0)
        if kind == "f":
            found.append(link_at(f"/proc/{task}/fd/{value & 0xFFFFFFFF}"))
        elif kind == "d":
            at = ctypes.c_int32(value & 0xFFFFFFFF).value
            folder = f"/proc/{task}/cwd" if at == -100 else f"/proc/{task}/fd/{at}"
        elif kind == "p":
            text = text_at(task, value)
            found.append(text if text.startswith("/") else os.path.join(link_at(folder), text))
    return found


def changes_files(name, values):
    if name not in ("open", "openat"):
        return True
    flags = values[1 if name == "open" else 2]
    return bool(flags & (os.O_CREAT | os.O_TRUNC)) or flags & os.O_TMPFILE == os.O_TMPFILE


class Fault:
    def __init__(self, action, which):
        self.action = action
        self.name, self.end, nth = None, "", which
        if ":" in which:
            self.name, self.end, nth, *_ = (which + ":1").split(":")
        self.nth, self.seen = int(nth), 0

    def is_due(self, name, path):
        if self.action == "count" or self.name and not (name == self.name and path.endswith(self.end)):
            return False
        self.seen += 1
        return self.seen >= self.nth if self.action.endswith("+") else self.seen == self.nth


class Tracer:
    def __init__(self, folder, log, faults):
        self.folder, self.log, self.faults = os.path.realpath(folder), log, faults
        self.inside = self.folder + "/"
        self.lines = open(log, "w")

    def call(self, program, task):
        registers = Registers()
        ptrace(PTRACE_GETREGS, task, ctypes.addressof(registers))
        name, where = BY_NUMBER[registers[NUMBER]]
        values = [registers[at] for at in ARGUMENTS]
        if not changes_files(name, values):
            return
        paths = paths_of(task, where, values)
        if not any(path == self.folder or path.startswith(self.inside) for path in paths):
            return
        self.lines.write(" ".join([name, *paths]) + "\n")
        for fault in self.faults:
            if not fault.is_due(name, paths[-1]):
                continue
            if fault.action == "kill":
                os.kill(program, signal.SIGKILL)
            elif fault.action == "hold":
                self.hold(program)
            else:
                registers[NUMBER] = 2 ** 64 - 1
                registers[ANSWER] = 2 ** 64 - getattr(errno, fault.action.rstrip("+"))
                ptrace(PTRACE_SETREGS, task, ctypes.addressof(registers))

    def hold(self, program):
        with open(self.log + ".part", "w") as held:
            held.write(str(program))
        os.rename(self.log + ".part", self.log + ".held")
        while not os.path.exists(self.log + ".go"):
            time.sleep(0.002)

    def run(self, command):
        program = start(command)
        ptrace(PTRACE_CONT, program)
        while True:
            task, status = os.waitpid(-1, WALL)
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                if task == program:
                    self.lines.close()
                    return status
                continue
            event, sent = status >> 16, os.WSTOPSIG(status)
            try:
                if event == EVENT_SECCOMP:
                    self.call(program, task)
                # the first stop of a new thread and all events are not the program's own signals
                is_own = event == 0 and not (sent == signal.SIGSTOP)
                ptrace(PTRACE_CONT, task, sent if is_own else 0)
            except ProcessLookupError:
                pass  # killed meanwhile: the next wait tells


def main():
    (folder, log, *faults), command = sys.argv[1:sys.argv.index("--")], sys.argv[sys.argv.index("--") + 1:]
    if os.uname().machine != "x86_64":
        sys.exit("trace.py knows the system calls of x86_64 only")
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    status = Tracer(folder, log, [Fault(*pair) for pair in zip(faults[::2], faults[1::2])]).run(command)
    sys.exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


if __name__ == "__main__":
    main()
