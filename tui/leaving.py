"""Leaving: the end of an app whose threads may still be at work, which nobody has to wait for."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

NAME = "mtorch-work"
SWITCH = 0.0005
"""Seconds until a thread that wants to go on may, while others are at work: what is drawn is written by one, 4 KB at a
time, and each time that waited for a check's thread as long as Python lets it, 5 ms."""

PATIENCE = 0.1
"""Seconds that a thread has to come to an end by itself."""

Result = TypeVar("Result")


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """As asyncio.run, which waits for threads at its end; this doesn't. `leave` is to follow."""
    sys.setswitchinterval(SWITCH)
    runner = asyncio.Runner()
    pool = ThreadPoolExecutor(thread_name_prefix=NAME)
    runner.get_loop().set_default_executor(pool)
    try:
        return runner.run(coroutine)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def leave(status: int) -> int:
    """The status, where all threads have ended; else the process ends here, with that status."""
    for thread in threading.enumerate():
        if thread.name.startswith(NAME):
            thread.join(PATIENCE)
            if thread.is_alive():
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
    return status
