"""A headless Chromium driven over its DevTools protocol with the standard library only."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

EXECUTABLE = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


class Page:
    """One page of a browser of its own; a context manager. Hosts other than loopback do not resolve."""

    _socket: socket.socket | None = None

    def __enter__(self) -> Page:
        self._profile = tempfile.mkdtemp(prefix="encave-chromium-")
        offline = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        arguments = [
            *_FLAGS,
            offline,
            "--remote-debugging-port=0",
            f"--user-data-dir={self._profile}",
            "--window-size=1500,950",
        ]
        self._process = subprocess.Popen(
            [str(EXECUTABLE), *arguments, "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._socket = _connect(_page_address(Path(self._profile) / "DevToolsActivePort"))
        except BaseException:
            self.__exit__()
            raise
        self._ids = itertools.count(1)
        self._buffer = b""
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_: object) -> None:
        if self._socket is not None:
            self._socket.close()
        self._process.terminate()
        self._process.wait(timeout=30)
        shutil.rmtree(self._profile, ignore_errors=True)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        number = next(self._ids)
        _send(self._socket, json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._receive())
            self._note(message)
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(message["error"])
                return message["result"]

    def _note(self, message: dict[str, Any]) -> None:
        """Keep what the browser's console shows in red, and the addresses that the page asks for."""
        details = message.get("params", {})
        if message.get("method") == "Network.requestWillBeSent":
            self.requests.append(details["request"]["url"])
            self.headers.append(details["request"]["headers"])
        elif message.get("method") == "Runtime.exceptionThrown":
            self.errors.append(str(details["exceptionDetails"]))
        elif message.get("method") == "Log.entryAdded" and details["entry"]["level"] == "error":
            self.errors.append(f"{details['entry']['text']} {details['entry'].get('url', '')}")

    def evaluate(self, script: str) -> Any:
        """Value of a JavaScript expression."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"])
        return result["result"].get("value")

    def open(self, url: str) -> None:
        """Go to an address and wait until its document is there; a token is taken out of the address."""
        self.call("Page.navigate", url=url)
        self.wait_for(f"location.href == '{url.partition('?token=')[0]}' && document.readyState == 'complete'")

    def wait_for(self, script: str, seconds: float = 30) -> Any:
        """First true value of an expression."""
        deadline = time.monotonic() + seconds
        guarded = f"(() => {{ try {{ return {script} }} catch {{ return false }} }})()"
        while not (value := self.evaluate(guarded)):
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"{script} is not true; the page says: {self.evaluate('document.body.innerText')[:2000]}"
                )
            time.sleep(0.1)
        return value

    def check(self, box: str, done: str) -> None:
        """Tick a box until an expression is true: DeepCAVE loses a click that comes while it answers another."""
        for seconds in (8, 8, 30):
            self.wait_for(f"{box} && ({box}.checked || !{box}.click())")
            try:
                self.wait_for(done, seconds)
                return
            except TimeoutError:
                if seconds == 30:
                    raise

    def select(self, element: str, label: str) -> None:
        """Choose the option of a `<select>` whose text contains a label."""
        self.wait_for(f"[...document.querySelectorAll('#{element} option')].some(o => o.text.includes('{label}'))")
        self.evaluate(
            f"(() => {{ const s = document.getElementById('{element}');"
            f" const o = [...s.options].find(o => o.text.includes('{label}'));"
            " Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(s, o.value);"
            " s.dispatchEvent(new Event('change', {bubbles: true})); })()"
        )

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Write what the window shows as PNG, or the whole page."""
        options: dict[str, Any] = {}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            options = {"captureBeyondViewport": True, "clip": {**size, "scale": 1}}
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", **options)["data"]))

    def _receive(self) -> str:
        """One message, which may come in several frames."""
        text = b""
        while True:
            head = self._read(2)
            size = head[1] & 127
            if size > 125:
                size = struct.unpack(">H" if size == 126 else ">Q", self._read(2 if size == 126 else 8))[0]
            text += self._read(size)
            if head[0] & 128:
                return text.decode()

    def _read(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._buffer += self._socket.recv(1 << 16)
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken


def _page_address(port_file: Path) -> str:
    deadline = time.monotonic() + 30
    while not (port_file.is_file() and port_file.read_text().strip()):
        if time.monotonic() > deadline:
            raise TimeoutError("Chromium did not start")
        time.sleep(0.1)
    port = port_file.read_text().split()[0]
    while True:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=10) as response:
            for target in json.load(response):
                if target["type"] == "page":
                    return str(target["webSocketDebuggerUrl"])


def _connect(address: str) -> socket.socket:
    parts = urlsplit(address)
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "", ""]
    connection.sendall("\r\n".join(lines).encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(1)
    return connection


def _send(connection: socket.socket, text: str) -> None:
    data, mask = text.encode(), os.urandom(4)
    size = len(data)
    head = bytes([0x81, 0x80 | size]) if size < 126 else struct.pack(">BBH", 0x81, 0x80 | 126, size)
    if size > 0xFFFF:
        head = struct.pack(">BBQ", 0x81, 0x80 | 127, size)
    connection.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(data)))
