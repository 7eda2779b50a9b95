"""Datasets: what is fetched is whole or not there, whatever a mirror does, and nothing is fetched twice."""

import gzip
import hashlib
import json
import os
import pty
import random
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import platformdirs
import pytest
from click.testing import CliRunner, Result

import tui
from mtorch.data.idx import MNIST
from mtorch.errors import DataError
from tui import cli, datasets
from tui.datasets import DATASETS, Dataset, alone, fetch, find, home
from tui.download import CHUNK

A, B = (random.Random(seed).randbytes(20_000) for seed in (1, 2))
FILES = {"a.bin": A, "b.bin": B}
MOST_REQUESTS = 50


@dataclass
class Mirror:
    """What a mirror has, and how it behaves. An answer's body ends or stalls after `stop` bytes."""

    files: dict[str, bytes]
    ranges: bool | None = True  # None: it sends one even where none was asked for
    shift: int = 0  # how far from the start that was asked for a range begins
    stop: int | None = None
    stalls: bool = False
    length: bool = True
    headers: dict[str, str] = field(default_factory=dict)


class Server(ThreadingHTTPServer):
    """Mirrors, each a folder of one server; `asked` has the mirror, file and Range of every request."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.mirrors: dict[str, Mirror] = {}
        self.asked: list[tuple[str, str, str | None]] = []
        self.stalled, self.released = threading.Event(), threading.Event()

    def add(self, name: str, files: dict[str, bytes] = FILES, **behaviour: Any) -> str:
        self.mirrors[name] = Mirror(files, **behaviour)
        return f"http://127.0.0.1:{self.server_port}/{name}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        _, folder, name = self.path.split("/")
        span = self.headers["Range"]
        self.server.asked.append((folder, name, span))
        mirror = self.server.mirrors[folder]
        if name not in mirror.files or len(self.server.asked) > MOST_REQUESTS:
            self.send_error(404)
        elif mirror.ranges is False or (mirror.ranges and span is None):
            self.answer(mirror, 200, mirror.files[name])
        else:
            self.part(mirror, mirror.files[name], int((span or "bytes=0-").removeprefix("bytes=").removesuffix("-")))

    def part(self, mirror: Mirror, content: bytes, start: int) -> None:
        if start >= len(content):
            self.send_error(416)
            return
        start += mirror.shift
        self.answer(mirror, 206, content[start:], f"bytes {start}-{len(content) - 1}/{len(content)}")

    def answer(self, mirror: Mirror, status: int, body: bytes, span: str | None = None) -> None:
        self.send_response(status)
        for key, value in mirror.headers.items():
            self.send_header(key, value)
        if mirror.length:
            self.send_header("Content-Length", str(len(body)))
        if span:
            self.send_header("Content-Range", span)
        self.end_headers()
        self.wfile.write(body[: mirror.stop])
        if mirror.stalls:
            self.server.stalled.set()
            self.server.released.wait(60)

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made
        made.released.set()
        made.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the datasets of these tests belong; that its name has a space must not matter."""
    monkeypatch.setenv("MTORCH_HOME", str(tmp_path / "a home"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1,mirror.invalid")
    return tmp_path / "a home" / "data" / "letters"


def made_up(files: dict[str, bytes], *mirrors: str) -> Dataset:
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return Dataset("letters", "made up", sum(map(len, files.values())), "mnist-mlp", hashes, mirrors)


ONE, BOTH = made_up({"a.bin": A}), made_up(FILES)


def on_disk(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def refused(dataset: Dataset, *mirrors: str, **options: Any) -> str:
    """What is said when a dataset cannot be had, in one line."""
    with pytest.raises(DataError) as error:
        fetch(dataset, mirrors, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def begun(folder: Path, content: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / "a.bin.part").write_bytes(content)


def test_all_files_are_fetched_and_nothing_else_is_left(server: Server, folder: Path) -> None:
    assert BOTH.missing() == ["a.bin", "b.bin"]
    fetch(BOTH, [server.add("good")])
    assert on_disk(folder) == FILES
    assert BOTH.missing() == []


def test_what_is_there_is_not_fetched_again(server: Server, folder: Path) -> None:
    fetch(ONE, [server.add("good")])
    fetch(BOTH, [server.add("good")])
    fetch(BOTH, [server.add("good")])
    assert server.asked == [("good", "a.bin", None), ("good", "b.bin", None)]


@pytest.mark.parametrize("came", [1, 5000, 19_999])
def test_a_download_that_was_cut_off_goes_on_where_it_stopped(server: Server, folder: Path, came: int) -> None:
    assert f"cut off after {came} of 20000 bytes" in refused(ONE, server.add("cut", stop=came))
    assert on_disk(folder) == {"a.bin.part": A[:came]}
    fetch(ONE, [server.add("good")])
    assert server.asked[1:] == [("good", "a.bin", f"bytes={came}-")]
    assert on_disk(folder) == {"a.bin": A}


def test_the_next_mirror_goes_on_where_the_one_before_stopped(server: Server, folder: Path) -> None:
    fetch(ONE, [server.add("cut", stop=7000), server.add("again", stop=7000), server.add("good")])
    assert [span for _, _, span in server.asked] == [None, "bytes=7000-", "bytes=14000-"]
    assert on_disk(folder) == {"a.bin": A}


def test_a_mirror_that_always_cuts_off_is_enough_in_the_end(server: Server, folder: Path) -> None:
    mirror = server.add("cut", stop=8000)
    for came in (8000, 16_000):
        assert f"{mirror}: cut off after {came} of 20000 bytes; {came} bytes are kept" in refused(ONE, mirror)
    fetch(ONE, [mirror])
    assert on_disk(folder) == {"a.bin": A}


def test_a_server_that_ignores_ranges_starts_over(server: Server, folder: Path) -> None:
    begun(folder, A[:5000])
    fetch(ONE, [server.add("old", ranges=False)])
    assert server.asked == [("old", "a.bin", "bytes=5000-")]
    assert on_disk(folder) == {"a.bin": A}


def test_a_range_that_begins_elsewhere_is_not_appended(server: Server, folder: Path) -> None:
    begun(folder, A[:5000])
    fetch(ONE, [server.add("shifted", shift=1)])
    assert server.asked == [("shifted", "a.bin", "bytes=5000-"), ("shifted", "a.bin", None)]
    assert on_disk(folder) == {"a.bin": A}


def test_a_mirror_that_has_only_ranges_that_begin_elsewhere_spoils_nothing(server: Server, folder: Path) -> None:
    begun(folder, A[:5000])
    fetch(ONE, [server.add("odd", ranges=None, shift=1), server.add("good")])
    assert server.asked[-1] == ("good", "a.bin", "bytes=5000-")
    assert on_disk(folder) == {"a.bin": A}


@pytest.mark.parametrize(
    "part", [bytes(5000), B, A + b"\0", A[:4999] + b"\0"], ids=["other", "as long", "longer", "last byte"]
)
def test_a_part_that_is_wrong_is_not_trusted(server: Server, folder: Path, part: bytes) -> None:
    begun(folder, part)
    fetch(ONE, [server.add("good")])
    assert server.asked == [("good", "a.bin", f"bytes={len(part)}-"), ("good", "a.bin", None)]
    assert on_disk(folder) == {"a.bin": A}


def test_a_part_that_is_wrong_does_not_reach_the_next_mirror(server: Server, folder: Path) -> None:
    begun(folder, bytes(5000))
    fetch(ONE, [server.add("wrong", {"a.bin": B}), server.add("good")])
    assert server.asked[-1] == ("good", "a.bin", None)
    assert on_disk(folder) == {"a.bin": A}


def test_a_part_that_is_whole_needs_no_mirror(server: Server, folder: Path) -> None:
    begun(folder, A)
    fetch(ONE, [server.add("good")])
    assert server.asked == []
    assert on_disk(folder) == {"a.bin": A}


BAD_MIRRORS: dict[str, tuple[dict[str, Any], str, bytes]] = {
    "404": ({"files": {}}, "404 Not Found", b""),
    "cut off": ({"stop": 6000}, "cut off after 6000 of 20000 bytes; 6000 bytes are kept", A[:6000]),
    "nothing but a head": ({"stop": 0}, "cut off after 0 of 20000 bytes", b""),
    "wrong bytes": ({"files": {"a.bin": B}}, "got 20000 bytes of something else", b""),
    "a page instead": ({"files": {"a.bin": b"<p>Log in"}}, "got 9 bytes of something else", b""),
    "the rest unasked": ({"ranges": None, "shift": 1}, "206 Partial Content", b""),
    "an empty file": ({"files": {"a.bin": b""}}, "got 0 bytes of something else", b""),
    "cut off unseen": ({"length": False, "stop": 6000}, "got 6000 bytes of something else", b""),
}


@pytest.mark.parametrize(("behaviour", "said", "kept"), BAD_MIRRORS.values(), ids=BAD_MIRRORS)
def test_a_bad_mirror(server: Server, folder: Path, behaviour: dict[str, Any], said: str, kept: bytes) -> None:
    bad = server.add("bad", **behaviour)
    line = refused(ONE, bad)
    assert line.startswith("a.bin of letters could not be fetched: ")
    assert f"{bad}: " in line
    assert said in line
    assert "a.bin" not in on_disk(folder)
    assert on_disk(folder).get("a.bin.part", b"") == kept

    fetch(ONE, [bad, server.add("good")])
    assert on_disk(folder) == {"a.bin": A}


def test_a_mirror_that_stalls(server: Server, folder: Path) -> None:
    slow = server.add("slow", stop=6000, stalls=True)
    assert f"{slow}: nothing more came for 1 s, after " in refused(ONE, slow, timeout=1)
    [(name, kept)] = on_disk(folder).items()
    assert name == "a.bin.part"
    assert A[:6000].startswith(kept)
    assert len(kept) > 6000 - CHUNK
    fetch(ONE, [server.add("good")])
    assert server.asked[-1] == ("good", "a.bin", f"bytes={len(kept)}-")
    assert on_disk(folder) == {"a.bin": A}


def test_a_mirror_that_does_not_answer(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mirror = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        assert f"{mirror}: no answer within 0.1 s" in refused(ONE, mirror, timeout=0.1)
    assert on_disk(folder) == {}


def test_a_mirror_that_refuses_and_one_that_is_not_found(
    folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*args: object, **extra: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with socket.socket() as bound:  # nothing listens there
        bound.bind(("127.0.0.1", 0))
        closed, nowhere = f"http://127.0.0.1:{bound.getsockname()[1]}/", "http://mirror.invalid/"
        with monkeypatch.context() as patch:
            line = refused(ONE, closed)
            patch.setattr(socket, "getaddrinfo", unknown)
            assert refused(ONE, nowhere).endswith(f"{nowhere}: Name or service not known")
        assert line == f"a.bin of letters could not be fetched: {closed}: Connection refused"
        assert on_disk(folder) == {}
        fetch(ONE, [closed, server.add("good")])
    assert on_disk(folder) == {"a.bin": A}


def test_every_mirror_is_named_with_what_came_from_it(server: Server) -> None:
    first, second = server.add("none", {}), server.add("wrong", {"a.bin": B})
    line = refused(made_up({"a.bin": A}, second), first)
    assert f"{first}: 404 Not Found; {second}: expected the file with SHA-256 " in line


def test_a_mirror_that_had_one_file_is_asked_first_for_the_next(server: Server, folder: Path) -> None:
    fetch(made_up(FILES, server.add("none", {}), server.add("good")))
    assert [name for name, _, _ in server.asked] == ["none", "good", "good"]


def test_a_mirror_that_lacks_a_file_leaves_the_others_whole(server: Server, folder: Path) -> None:
    assert refused(BOTH, server.add("half", {"a.bin": A})).startswith("b.bin of letters")
    assert on_disk(folder) == {"a.bin": A}


def test_a_mirror_needs_no_slash_nor_to_say_the_length(server: Server, folder: Path) -> None:
    fetch(ONE, [server.add("good", length=False).rstrip("/")])
    assert on_disk(folder) == {"a.bin": A}


def test_a_gzipped_file_is_not_unpacked_on_the_way(server: Server, folder: Path) -> None:
    packed = gzip.compress(A)
    fetch(made_up({"a.gz": packed}), [server.add("eager", {"a.gz": packed}, headers={"Content-Encoding": "gzip"})])
    assert on_disk(folder) == {"a.gz": packed}


def test_a_file_that_has_been_damaged_is_replaced(server: Server, folder: Path) -> None:
    fetch(ONE, [server.add("good")])
    (folder / "a.bin").write_bytes(A[:-1])
    assert ONE.missing() == ["a.bin"]
    fetch(ONE, [server.add("good")])
    assert on_disk(folder) == {"a.bin": A}


def test_progress_counts_what_was_there_before(server: Server, folder: Path) -> None:
    begun(folder, A[:5000])
    told: list[tuple[str, int, int | None]] = []
    fetch(ONE, [server.add("good")], progress=lambda *args: told.append(args))
    assert {(name, total) for name, _, total in told} == {("a.bin", 20_000)}
    counts = [done for _, done, _ in told]
    assert (counts[0], counts[-1]) == (5000, 20_000)
    assert counts == sorted(counts)


def test_an_interrupt_keeps_what_has_come(server: Server, folder: Path) -> None:
    def interrupt(name: str, done: int, total: int | None) -> None:
        if done >= 9000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(ONE, [server.add("good")], progress=interrupt)
    [(name, kept)] = on_disk(folder).items()
    assert (name, kept) == ("a.bin.part", A[: 9 * CHUNK])
    fetch(ONE, [server.add("good")])
    assert on_disk(folder) == {"a.bin": A}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_a_full_disk(server: Server, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "a.bin.part").symlink_to("/dev/full")
    assert refused(ONE, server.add("good")) == f"{folder / 'a.bin'}: cannot be written: No space left on device"
    assert not (folder / "a.bin").exists()


def test_a_file_where_the_folder_should_be(server: Server, folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.touch()
    assert refused(ONE, server.add("good")) == f"{folder}: cannot be written: File exists"


def test_a_folder_where_the_file_should_be(server: Server, folder: Path) -> None:
    (folder / "a.bin").mkdir(parents=True)
    assert "a.bin: cannot be written: Is a directory" in refused(ONE, server.add("good"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only(server: Server, folder: Path) -> None:
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    assert "a.bin: cannot be written: Permission denied" in refused(ONE, server.add("good"))
    assert on_disk(folder) == {}


def test_two_cannot_fetch_into_a_folder_at_once(server: Server, folder: Path) -> None:
    folder.mkdir(parents=True)
    with alone(folder):
        assert refused(ONE, server.add("good")) == f"{folder}: another process is fetching into it"
    fetch(ONE, [server.add("good")])
    assert on_disk(folder) == {"a.bin": A}


def test_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find("mnist").path == tmp_path / "a home" / "data" / "mnist"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MTORCH_HOME", "here")
    assert home() == tmp_path / "here"
    monkeypatch.setenv("MTORCH_HOME", "")
    assert home() == Path(platformdirs.user_data_dir("mtorch"))


def test_the_table_describes_the_files(mnist: Path) -> None:
    paths = [mnist / name for name in DATASETS["mnist"].files]
    assert all(datasets.whole(path, DATASETS["mnist"].files[path.name]) for path in paths)
    assert sum(path.stat().st_size for path in paths) == DATASETS["mnist"].size


def test_the_table() -> None:
    assert sorted(DATASETS["mnist"].files) == sorted(f"{name}.gz" for name in MNIST.values())
    assert len(DATASETS["mnist"].mirrors) == 2
    assert DATASETS["digits"].path.stat().st_size == DATASETS["digits"].size


# The command.

COMMAND = """
import json, signal, sys
from tui import cli, datasets
signal.signal(signal.SIGINT, signal.default_int_handler)
letters = datasets.Dataset("letters", "made up", 40_000, "mnist-mlp", json.loads(sys.argv.pop(1)))
datasets.DATASETS["letters"] = letters
cli.main(prog_name="mtorch")
"""
PROCESS = [sys.executable, "-c", COMMAND, json.dumps(BOTH.files)]


def run(*args: str) -> Result:
    return CliRunner().invoke(cli.main, ("data", *args))


def failed(*args: str) -> str:
    """The one line on stderr of a call that failed."""
    result = run(*args)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith("mtorch")
    return result.stderr


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setitem(DATASETS, "letters", BOTH)
    return BOTH


@pytest.mark.usefixtures("letters")
def test_the_command(server: Server, folder: Path) -> None:
    first = run("fetch", "letters", "--mirror", server.add("none", {}), "--mirror", server.add("good"))
    use = f"use it with: mtorch train mnist-mlp --data '{folder}'\n"
    assert (first.exit_code, first.stderr) == (0, "")
    assert first.stdout == f"letters is there now, whole: {folder}\n{use}"
    assert on_disk(folder) == FILES
    asked = list(server.asked)
    second = run("fetch", "letters")
    assert (second.exit_code, second.stderr) == (0, "")
    assert second.stdout == f"letters was there already, whole: {folder}\n{use}"
    assert server.asked == asked


@pytest.mark.usefixtures("letters")
def test_the_command_fails_in_one_line(server: Server, folder: Path) -> None:
    none, cut = server.add("none", {}), server.add("cut", stop=500)
    line = failed("fetch", "letters", "--mirror", none, "--mirror", cut)
    assert line == (
        f"mtorch: a.bin of letters could not be fetched: {none}: 404 Not Found; {cut}: cut off after 500 of 20000"
        " bytes; 500 bytes are kept, and the next try goes on there\n"
    )


def test_a_fetched_dataset_is_trained_with_the_command_that_is_shown(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (40, 28, 28)) + random.Random(3).randbytes(31_360)
    labels = b"\0\0\x08\x01" + (40).to_bytes(4, "big") + bytes(n % 10 for n in range(40))
    files = {f"{name}.gz": gzip.compress(images if "images" in key else labels) for key, name in MNIST.items()}
    monkeypatch.setitem(DATASETS, "letters", made_up(files, server.add("good", files)))
    shown = run("fetch", "letters").stdout.splitlines()[-1].removeprefix("use it with: mtorch ")
    result = CliRunner().invoke(cli.main, [*shlex.split(shown), "--epochs", "1"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert "done: 2 iterations" in result.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("fetch", "mnst"), "mtorch: no dataset is called 'mnst'; did you mean 'mnist'?"),
        (("fetch", "qqq"), "there are digits, mnist"),
        (("fetch",), "Missing argument 'NAME'"),
        (("fetch", "mnist", "--mirror", "ftp://a/"), "--mirror ftp://a/: expected an address that starts with http"),
        (("fetch", "mnist", "--timeout", "0"), "0 is not in the range"),
        (("fetsch", "mnist"), "No such command 'fetsch'"),
    ],
)
def test_unusable_calls(args: tuple[str, ...], said: str) -> None:
    assert said in failed(*args)


@pytest.mark.usefixtures("letters")
def test_without_the_packages_that_fetch(server: Server, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mirror = server.add("good")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "pooch", None)
        without.delitem(sys.modules, "tui.download")
        without.delattr(tui, "download")
        line = failed("fetch", "letters", "--mirror", mirror)
        assert "pip install 'mtorch[fetch]'" in line
        assert on_disk(folder) == {}
        assert run("list").exit_code == 0
    assert run("fetch", "letters", "--mirror", mirror).exit_code == 0


def test_bundled_digits_need_no_fetching() -> None:
    result = run("fetch", "digits")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"digits is bundled: {DATASETS['digits'].path}\nuse it with: mtorch train mnist-mlp\n"


@pytest.mark.usefixtures("letters")
def test_list(server: Server, folder: Path) -> None:
    def there() -> str:
        [row] = [line for line in run("list").stdout.splitlines() if line.startswith(" letters ")]
        return row.split("kB")[1].strip()

    assert there() == "no"
    fetch(ONE, [server.add("good")])
    assert there() == "1 of 2 files"
    fetch(BOTH, [server.add("good")])
    assert there() == "yes"
    shown = run("list").stdout
    assert " bundled" in shown
    assert f"\nletters: {folder}\n" in shown


@pytest.mark.usefixtures("letters")
def test_list_as_json(server: Server, folder: Path) -> None:
    fetch(BOTH, [server.add("good")])
    listed = {dataset.pop("name"): dataset for dataset in json.loads(run("list", "--json").stdout)}
    assert list(listed) == ["digits", "mnist", "letters"]
    assert listed["letters"] == {
        "summary": "made up", "size": 40_000, "path": str(folder), "there": True, "bundled": False
    }  # fmt: skip
    assert (listed["mnist"]["there"], listed["mnist"]["bundled"]) == (False, False)
    assert (listed["digits"]["there"], listed["digits"]["bundled"]) == (True, True)
    (folder / "a.bin").write_bytes(B)
    assert [d["there"] for d in json.loads(run("list", "--json").stdout)] == [True, False, False]


def test_data_alone_shows_the_help() -> None:
    result = run()
    assert result.exit_code == 0
    assert "\n  fetch " in result.stdout


def test_ctrl_c(server: Server, folder: Path) -> None:
    slow = server.add("slow", stop=6000, stalls=True)
    args = [*PROCESS, "data", "fetch", "letters", "--mirror", slow, "--timeout", "600"]
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert server.stalled.wait(60)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate()
    assert (process.returncode, stdout, stderr.count("\n")) == (130, "", 1)
    assert "the same command goes on there" in stderr
    assert set(on_disk(folder)) <= {"a.bin.part"}
    assert A.startswith(on_disk(folder).get("a.bin.part", b""))


def test_the_progress_bar_stays_on_stderr(server: Server, folder: Path) -> None:
    ours, theirs = pty.openpty()
    args = [*PROCESS, "data", "fetch", "letters", "--mirror", server.add("good")]
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=theirs, text=True) as process:
        os.close(theirs)
        bar = b"".join(iter(lambda: read(ours), b""))
        os.close(ours)
        stdout, _ = process.communicate()
    assert process.returncode == 0
    assert b"b.bin" in bar
    assert stdout.startswith(f"letters is there now, whole: {folder}\n")
    assert "\x1b" not in stdout


def read(terminal: int) -> bytes:
    """What a terminal shows next; nothing once the other side is closed, which Linux calls an error."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
