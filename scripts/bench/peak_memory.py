"""Runs a command and prints its peak memory in bytes, its workers' threads and the processes that it starts included.

A process of its own because Linux counts the parent's memory at the time of the fork as the child's: measured
from a program as large as Bun, a small command would seem as large as Bun.

usage: peak_memory.py COMMAND [ARGUMENT ...]
"""

import os
import sys
import time

POLL_SECONDS = 0.01


def children_of(pid):
    """Of a program with threads each may have started some."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as file:
                found += map(int, file.read().split())
    except OSError:
        pass  # it, or one of its threads, has just ended
    return found


def memory_of(pid):
    """What it and its descendants take, what they share counted once; 0 for what has just ended."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            own = next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        return own * 1024 + sum(map(memory_of, children_of(pid)))
    except (OSError, StopIteration):
        return 0


silence = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=silence)
most = 0
while True:
    pid, status, usage = os.wait4(child, os.WNOHANG)
    if pid != 0:
        break
    # Alone, the kernel's own account of its peak is the better one.
    if children_of(child):
        most = max(most, memory_of(child))
    time.sleep(POLL_SECONDS)
if status != 0:
    sys.exit(f"{sys.argv[1]}: exit code {os.waitstatus_to_exitcode(status)}")
print(max(most, usage.ru_maxrss * 1024))
