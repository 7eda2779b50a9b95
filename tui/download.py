"""Download: a file from a mirror, going on where it stopped, and under its name only once its SHA-256 is right."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pooch  # type: ignore[import-untyped]
import requests
import urllib3

Progress = Callable[[str, int, int | None], None]
"""Is told a file's name, how many bytes of it have come, and of how many, None where the mirror does not say."""

CHUNK = 1024  # what a mirror that stalls within it had sent of it is lost
OK, PARTIAL, RANGE_NOT_SATISFIABLE = 200, 206, 416


class Failed(Exception):
    """A mirror did not deliver; the message says what came instead."""


def get(url: str, path: Path, sha256: str, timeout: float, progress: Progress) -> None:
    """Fetch `path` from `url`. What comes is kept beside it, as NAME.part, until it is whole.

    Wrong bytes are deleted. Where some were from an earlier try, the fault may lie in these, so that the
    file is fetched once more from its start. `timeout` is in seconds, for the connection and between bytes.

    Raises Failed for all that is the mirror's fault, OSError where the file cannot be written.
    """
    part = part_of(path)
    if size(part) and pooch.file_hash(part) == sha256 and put_in_place(url, path, sha256):
        return
    while True:
        kept = complete(url, part, timeout, progress)
        came = size(part)
        if put_in_place(url, path, sha256):
            return
        if not kept:
            raise Failed(f"expected the file with SHA-256 {sha256[:12]}…, got {came} bytes of something else")


def part_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def put_in_place(url: str, path: Path, sha256: str) -> bool:
    """Rename the .part if its content is right, delete it if not. Returns which; raises OSError."""
    pooch.get_logger().setLevel("ERROR")

    def hand_over(_: str, checked: str, __: object) -> None:
        os.replace(part_of(path), checked)

    try:
        pooch.retrieve(url, f"sha256:{sha256}", path.name, path.parent, downloader=hand_over)
    except ValueError:
        return False
    return True


def complete(url: str, part: Path, timeout: float, progress: Progress) -> int:
    """Fetch the rest of what `part` holds, or all if the mirror knows of no rest.

    Returns how many bytes were kept. Raises Failed and OSError; what has come by then is in `part`.
    """
    start = size(part)
    response = ask(url, start, timeout)
    if start and response.status_code in (PARTIAL, RANGE_NOT_SATISFIABLE) and first_byte(response) != start:
        response.close()
        start = 0
        response = ask(url, start, timeout)
    with response:
        first = first_byte(response)
        if first is None or first not in (0, start):
            raise Failed(f"{response.status_code} {response.reason}")
        receive(response, part, first, timeout, progress)
    return first


def ask(url: str, start: int, timeout: float) -> requests.Response:
    """The answer to a request for a file from byte `start` on, its body yet to come. Raises Failed if there is none."""
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        return requests.get(url, headers=headers, stream=True, timeout=timeout)
    except requests.Timeout:
        raise Failed(f"no answer within {timeout:g} s") from None
    except (OSError, ValueError, urllib3.exceptions.HTTPError) as error:  # requests' own are OSErrors
        raise Failed(reason(error)) from None


def first_byte(response: requests.Response) -> int | None:
    """Where in the file the answer starts; None if it is another answer."""
    if response.status_code == OK:
        return 0
    said = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(said[1]) if said and response.status_code == PARTIAL else None


def receive(response: requests.Response, part: Path, first: int, timeout: float, progress: Progress) -> None:
    """Write an answer's body to `part`, after its first bytes. Raises Failed where it ends early, and OSError."""
    body = response.raw  # as it is sent: requests itself would unpack what says that it is gzipped
    done, total = first, None if body.length_remaining is None else first + body.length_remaining
    try:
        with part.open("ab" if first else "wb") as file:
            progress(part.stem, done, total)
            while chunk := body.read(CHUNK, decode_content=False):
                file.write(chunk)
                done += len(chunk)
                progress(part.stem, done, total)
            file.flush()
            os.fsync(file.fileno())
    except urllib3.exceptions.ReadTimeoutError:
        raise Failed(f"nothing more came for {timeout:g} s, after {amount(done, total)}") from None
    except urllib3.exceptions.HTTPError:
        raise Failed(f"cut off after {amount(done, total)}") from None
    if total is not None and done < total:
        raise Failed(f"cut off after {amount(done, total)}")


def amount(done: int, total: int | None) -> str:
    return f"{done} bytes" if total is None else f"{done} of {total} bytes"


def reason(error: BaseException) -> str:
    """What is at the bottom of an error, in the system's words where it has some: Connection refused."""
    while inner := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        error = inner
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
