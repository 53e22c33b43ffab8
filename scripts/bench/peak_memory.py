"""Runs a command and prints its peak memory in bytes, its workers' threads included.

A process of its own because Linux counts the parent's memory at the time of the fork as the child's: measured
from a program as large as Bun, a small command would seem as large as Bun.

usage: peak_memory.py COMMAND [ARGUMENT ...]
"""

import os
import sys

silence = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=silence)
_, status, usage = os.wait4(child, 0)
if status != 0:
    sys.exit(f"{sys.argv[1]}: exit code {os.waitstatus_to_exitcode(status)}")
print(usage.ru_maxrss * 1024)
