"""Run one command and report what it used: ``python -I -S launch.py COMMAND...``.

A program of its own because the system counts the starting process's memory towards the peak of
the process it starts: this one is small. Prints JSON.
"""

import json
import os
import sys
import tempfile
import time


def launch(command: list[str]) -> dict[str, object]:
    """Wall and CPU seconds, peak memory in bytes, exit status, output and complaints."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as complaints:
        actions = [
            (os.POSIX_SPAWN_DUP2, out.fileno(), 1),
            (os.POSIX_SPAWN_DUP2, complaints.fileno(), 2),
        ]
        start = time.perf_counter()
        child = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
        _, status, usage = os.wait4(child, 0)
        seconds = time.perf_counter() - start
        out.seek(0)
        complaints.seek(0)
        return {
            "seconds": seconds,
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_bytes": usage.ru_maxrss * 1024,
            "status": os.waitstatus_to_exitcode(status),
            "output": out.read().decode(),
            "complaints": complaints.read().decode(),
        }


if __name__ == "__main__":
    print(json.dumps(launch(sys.argv[1:])))
