"""The debugger in a browser: what is run, who is answered, and a page that is really opened."""

from __future__ import annotations

import json
import os
import select
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mtorch.errors import ScenarioError
from tui import cli
from tui.serving import EXTRA, command, is_loopback, listening, refused

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def test_words_are_nothing_but_arguments(tmp_path: Path) -> None:
    """What a shell makes of the command, with a Python that prints what it is given."""
    words = f"$(touch {tmp_path}/a); `id` 'x\" & -h.py"
    shell = command(words, 3, ("a=$HOME", "--seed=9"), Path("/d d"), 512)
    assert shell.startswith(f"exec {shlex.quote(sys.executable)} -P ")
    first = shlex.split(shell).index("debug")
    printing = "exec " + shlex.join([sys.executable, "-c", "import json, sys; print(json.dumps(sys.argv[1:]))"])
    ran = subprocess.run(
        f"{printing} {shlex.join(shlex.split(shell)[first:])}", shell=True, capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == [
        "debug",
        "--seed=3",
        "--data=/d d",
        "--memory=512",
        "--set=a=$HOME",
        "--set=--seed=9",
        "--",
        words,
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "origin", "local", "answered"),
    [
        ("127.0.0.1:80", None, True, True),
        ("localhost:8000", "http://localhost:8000", True, True),
        ("[::1]:8000", "http://[::1]:8000", True, True),
        ("evil.example:8000", None, True, False),
        ("127.0.0.1.evil.example", None, True, False),
        ("localhost:8000", "http://evil.example", True, False),
        ("localhost:8000", "http://localhost:9000", True, False),
        ("localhost:8000", "null", True, False),
        ("box:8000", "http://box:8000", False, True),
        ("box:8000", "http://evil.example", False, False),
    ],
)
def test_who_is_answered(host: str, origin: str | None, local: bool, answered: bool) -> None:
    assert (refused(host, origin, local) == "") is answered


def test_where_it_listens() -> None:
    with listening("127.0.0.1", 0) as sock:
        assert is_loopback(sock)
        port = sock.getsockname()[1]
        with pytest.raises(ScenarioError, match=f"cannot listen at 127.0.0.1:{port}: Address already in use$"):
            listening("127.0.0.1", port)
    with listening("0.0.0.0", 0) as sock:
        assert not is_loopback(sock)


def test_without_the_extra_one_line_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    result = CliRunner().invoke(cli.main, ["serve", "xor"])
    assert (result.exit_code, result.stderr) == (2, f"mtorch: {EXTRA}\n")


CHILD = """
import os, signal, sys, tui.serving as serving
serving.LOOKED = 0.01
serving.end_with_server()
os.write(int(sys.argv[1]), b"x")
signal.pause()
"""
SERVER = """
import subprocess, sys
subprocess.Popen([sys.executable, "-c", sys.argv[1], sys.argv[2]], pass_fds=[int(sys.argv[2])])
sys.stdin.read()
"""


def test_a_debugger_ends_with_its_server() -> None:
    """The other end of a pipe that it holds is closed then."""
    mine, theirs = os.pipe()
    run = [sys.executable, "-c", SERVER, CHILD, str(theirs)]
    with subprocess.Popen(run, pass_fds=[theirs], stdin=subprocess.PIPE) as server:
        os.close(theirs)
        assert os.read(mine, 1) == b"x"
        assert server.stdin
        server.stdin.close()
        ready, _, _ = select.select([mine], [], [], 30)
        assert ready and os.read(mine, 1) == b""
    os.close(mine)


def test_a_page_in_chromium(tmp_path: Path) -> None:
    """The app draws its first screen there, keys reach it, and no other host is asked."""
    pytest.importorskip("textual_serve")
    aiohttp = pytest.importorskip("aiohttp")
    if CHROMIUM is None:
        pytest.skip("no chromium here")
    import asyncio

    environment = {**os.environ, "MTORCH_HOME": str(tmp_path)}
    run = [sys.executable, "-c", "from tui.cli import main; main(prog_name='mtorch')", "serve", "xor", "--port", "0"]
    server = subprocess.Popen(run, stdout=subprocess.PIPE, text=True, env=environment, cwd=tmp_path)
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    browser = subprocess.Popen(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", profile, "about:blank"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout and browser.stderr
        name, url, *_ = server.stdout.readline().split()
        assert name == "xor:" and url.startswith("http://127.0.0.1:")
        devtools = next(line.split()[-1] for line in browser.stderr if "DevTools listening on" in line)
        asyncio.run(asyncio.wait_for(driven(aiohttp, url, devtools, tmp_path / "made.csv"), 60))
        server.terminate()
        assert server.wait(30) in (0, -15)
    finally:
        for process in (browser, server):
            process.kill()
            process.wait()


async def driven(aiohttp: Any, url: str, devtools: str, file: Path) -> None:
    """Types a command into the page whose effect shows on the disk."""
    import asyncio

    port = devtools.split(":")[2].split("/")[0]
    async with aiohttp.ClientSession() as web:
        async with web.get(f"http://127.0.0.1:{port}/json") as answer:
            page = next(page for page in await answer.json() if page["type"] == "page")
        async with web.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0) as line:
            asked: list[str] = []

            async def call(method: str, **given: Any) -> Any:
                await line.send_json({"id": 1, "method": method, "params": given})
                while (answer := await line.receive_json()).get("id") != 1:
                    if answer.get("method") == "Network.responseReceived":
                        asked.append(answer["params"]["response"]["url"])
                return answer["result"]

            async def until(expression: str) -> None:
                while not (await call("Runtime.evaluate", expression=expression))["result"].get("value"):
                    await asyncio.sleep(0.1)

            await call("Network.enable")
            await call("Page.navigate", url=url)
            await until("document.body.classList.contains('-first-byte')")
            await until("(document.querySelector('textarea')?.focus(), document.activeElement.tagName == 'TEXTAREA')")
            await call("Input.insertText", text=f":export {file}")
            while not file.exists():
                await call("Input.dispatchKeyEvent", type="keyDown", key="Enter", windowsVirtualKeyCode=13, text="\r")
                await asyncio.sleep(0.3)
            assert asked and all(address.startswith((url, "data:")) for address in asked)
