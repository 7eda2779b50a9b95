"""Which iterations of a run are kept whole."""

from __future__ import annotations

import re

from mtorch.errors import MtorchError

MOST = 100_000


def parse(text: str, stop: int) -> tuple[frozenset[int], int]:
    """The iterations in words such as "0:50,last:20", of a run of `stop`; and how many of its last ones.

    Raises MtorchError for what can't be read, and for more than there is sense in keeping.
    """
    found: set[int] = set()
    last = 0
    for part in filter(None, text.split(",")):
        if not (match := re.fullmatch(r"\s*(?:last:(\d{1,9})|(\d{1,9}):(\d{1,9}))\s*", part, re.ASCII)):
            raise MtorchError(f"expected FIRST:STOP or last:N, such as 0:50,last:20, got {part[:40]!r}")
        if match[1]:
            last = max(last, min(int(match[1]), stop))
            span = range(stop - min(int(match[1]), stop), stop)
        else:
            if int(match[2]) >= int(match[3]):
                raise MtorchError(f"expected FIRST:STOP with FIRST before STOP, got {part[:40]!r}")
            span = range(int(match[2]), min(int(match[3]), stop))
        if len(found) + len(span) > MOST:
            raise MtorchError(f"expected at most {MOST} iterations to keep whole, got {part!r}")
        found.update(span)
    return frozenset(found), last
