"""Serving: the debugger in a browser. Every page that is opened is a debugger of its own, in a process of its own."""

from __future__ import annotations

import importlib
import ipaddress
import os
import shlex
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import mtorch
from mtorch.errors import ScenarioError
from tui.plain import plain

ROOT = Path(mtorch.__file__).parent.parent
BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from tui.cli import main; main(prog_name='mtorch')"
"""This very mtorch, whatever there is in the current folder."""

POLICY = "default-src 'self' 'unsafe-inline' data: blob:; connect-src 'self' ws: wss:; frame-ancestors 'none'"
"""Of the page: it asks no other host for anything, and is shown in no other page."""

LOOKED, PATIENCE = 0.5, 5.0
"""Seconds between looks at whether the server is still there, and until a debugger without one is ended at once."""

EXTRA = "serve needs another package: pip install 'mtorch[web]'"


def end_with_server() -> None:
    """From now on this process ends when the server that started it does, however that ended; as if the user left."""
    server = os.getppid()

    def watch() -> None:
        while os.getppid() == server:
            time.sleep(LOOKED)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())  # or it would wait for somebody to read it
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def command(target: str, seed: int | None, assignments: tuple[str, ...], data: Path | None, memory: int | None) -> str:
    """The shell's command that opens the debugger; whatever words say, they are nothing but arguments."""
    given = [("--seed", seed), ("--data", data and data.absolute()), ("--memory", memory)]
    options = [f"{name}={value}" for name, value in given if value is not None]
    options += [f"--set={assignment}" for assignment in assignments]
    return "exec " + shlex.join([sys.executable, "-P", "-c", BOOT, str(ROOT), "debug", *options, "--", target])


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; on any free port, for 0. Raises ScenarioError where it can't."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        reason = str(getattr(error, "strerror", None) or error).partition(" (while")[0]
        raise ScenarioError(f"cannot listen at {host}:{port}: {reason}") from None


def is_loopback(sock: socket.socket) -> bool:
    """Whether only this machine reaches it."""
    return ipaddress.ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback


def refused(host: str, origin: str | None, local: bool) -> str:
    """Why a request is refused, "" where it isn't: pages from elsewhere, which a browser has open too, get nothing.

    `host` is what the request calls us. Where we are `local`, that must be a name of this machine: a name from
    elsewhere may be made to point here.
    """
    if local and urlsplit(f"//{host}").hostname not in ("127.0.0.1", "localhost", "::1"):
        return "this is served to this machine only"
    if origin is not None and urlsplit(origin).netloc != host:
        return "another page's request"
    return ""


def server_class() -> Any:
    """textual-serve's. Raises ScenarioError without it."""
    try:
        return importlib.import_module("textual_serve.server").Server
    except ImportError:
        raise ScenarioError(EXTRA) from None


def serve(shell: str, title: str, sock: socket.socket) -> None:
    """Until Ctrl-C."""
    base, web = server_class(), importlib.import_module("aiohttp.web")
    local, (host, port) = is_loopback(sock), sock.getsockname()[:2]
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @web.middleware  # type: ignore[untyped-decorator]
    async def guarded(request: Any, handler: Any) -> Any:
        if why := refused(request.host, request.headers.get("Origin"), local):
            return web.Response(status=403, text=why)
        return await handler(request)

    class Pages(base):  # type: ignore[misc]
        async def handle_index(self, request: Any) -> Any:
            self.public_url = f"{request.scheme}://{request.host}"  # as the browser calls us
            page = await super().handle_index(request)
            page.headers["Content-Security-Policy"] = POLICY
            return page

        async def on_startup(self, app: Any) -> None:
            print(f"{plain(title)}: {url} (Ctrl-C ends it)", flush=True)

        async def made(self) -> Any:
            app = await self._make_app()
            app.middlewares.append(guarded)
            return app

    web.run_app(
        Pages(shell, title=title, public_url=url).made(), sock=sock, print=lambda *_: None, shutdown_timeout=1.0
    )
