"""Run a command and write, as JSON, its exit code, its seconds and its peak of memory: `launch.py RESULT COMMAND...`.

Linux counts towards a process's peak (ru_maxrss of wait4) that of the process which has started it, so this one is
small and starts nothing else.
"""

import json
import os
import sys
import time

start = time.perf_counter()
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
with open(sys.argv[1], "w") as result:
    # It counts kilobytes.
    json.dump([os.waitstatus_to_exitcode(status), seconds, usage.ru_maxrss * 1024], result)
