"""`POST /send` accepted and durable: `python -m bench.accept [--database DSN] [--seconds 5] [--callers 64]`.

A gateway in a process of its own, callers in this one, keep-alive connections over loopback. Closed loop in each
form of body; then an open loop at a fixed rate. Prints a table and the disk's fsync time.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import uvloop

FIELDS = {
    "target": "081234567890",
    "message": "Halo, pesanan Anda sudah dikirim dan tiba besok. Terima kasih!",
    "connectOnly": "false",
    "countryCode": "62",
}
BOUNDARY = "----BenchBoundary7MA4YWxkTrZu0gW"


def urlencoded() -> tuple[str, bytes]:
    return "application/x-www-form-urlencoded", urlencode(FIELDS).encode()


def multipart() -> tuple[str, bytes]:
    parts = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in FIELDS.items()
    )
    return f"multipart/form-data; boundary={BOUNDARY}", f"{parts}--{BOUNDARY}--\r\n".encode()


def as_json() -> tuple[str, bytes]:
    return "application/json", json.dumps({**FIELDS, "connectOnly": False}).encode()


FORMS = {"urlencoded": urlencoded, "multipart": multipart, "json": as_json}


def fsync_ms(folder: Path, times: int = 200) -> float:
    """The median time of a write of 4 KiB with fdatasync in this folder."""
    took, path = [], folder / "fsync-probe"
    with path.open("wb") as file:
        for _ in range(times):
            file.write(b"x" * 4096)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - began) * 1e3)
    path.unlink()
    return statistics.median(took)


class Caller(asyncio.Protocol):
    """One keep-alive connection that sends one ready-made request and waits for its answer.

    As cheap as it goes in Python: it takes a share of the machine that the server has not.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self._read = b""
        self._answered: asyncio.Future[bytes] | None = None

    async def open(self) -> None:
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: self, self.host, self.port)
        self._transport = transport

    async def call(self, request: bytes) -> bytes:
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        answer = await self._answered
        if not (answer.startswith(b"HTTP/1.1 200") and b'"status":true' in answer):
            raise RuntimeError(repr(answer))
        return answer

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, blank, body = self._read.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if blank and len(body) >= int(length) and self._answered is not None:
            self._read = b""
            self._answered.set_result(head + body)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionError("closed"))


def request_of(host: str, token: str, form: str) -> bytes:
    kind, body = FORMS[form]()
    head = (
        f"POST /send HTTP/1.1\r\nHost: {host}\r\nAuthorization: {token}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


class Row:
    """What one run measured."""

    def __init__(self, took_ms: list[float], seconds: float, cpu: float) -> None:
        took_ms.sort()
        self.rate = len(took_ms) / seconds
        self.p50, self.p99 = took_ms[len(took_ms) // 2], took_ms[int(len(took_ms) * 0.99)]
        self.cpu_us = cpu / len(took_ms) * 1e6

    def __str__(self) -> str:
        return f"{self.rate:,.0f} | {self.p50:.1f} | {self.p99:.1f} | {self.cpu_us:.0f}"


async def closed_loop(callers: list[Caller], requests: list[bytes], seconds: float, pid: int) -> Row:
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def work(n: int, caller: Caller) -> None:
        while (began := time.perf_counter()) < until:
            await caller.call(requests[n % len(requests)])
            took.append((time.perf_counter() - began) * 1e3)

    cpu, began = cpu_s(pid), time.perf_counter()
    await asyncio.gather(*(work(n, caller) for n, caller in enumerate(callers)))
    return Row(took, time.perf_counter() - began, cpu_s(pid) - cpu)


async def open_loop(callers: list[Caller], requests: list[bytes], rate: float, seconds: float, pid: int) -> Row:
    """Latency counts from when the request was due, whether a connection was free or not."""
    free: asyncio.Queue[Caller] = asyncio.Queue()
    for caller in callers:
        free.put_nowait(caller)
    took: list[float] = []

    async def one(due: float, request: bytes) -> None:
        caller = await free.get()
        await caller.call(request)
        free.put_nowait(caller)
        took.append((time.perf_counter() - due) * 1e3)

    cpu, began = cpu_s(pid), time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for n in range(int(rate * seconds)):
            due = began + n / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            group.create_task(one(due, requests[n % len(requests)]))
    return Row(took, time.perf_counter() - began, cpu_s(pid) - cpu)


class Served:
    """A gateway process for one benchmark."""

    def __init__(self, *arguments: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="merpati-bench-"))
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench._gateway", "--data", str(self.folder), *arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        self.start_s = time.perf_counter() - began
        self.url, self.tokens, self.pid = urlsplit(told["url"]), told["tokens"], told["pid"]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", default="")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--callers", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1_500)
    asked = parser.parse_args()
    served = Served("--devices", "100", *(("--database", asked.database) if asked.database else ()))
    host, port = served.url.hostname or "", served.url.port or 0
    callers = [Caller(host, port) for _ in range(asked.callers)]
    for caller in callers:
        await caller.open()
    print(f"{'PostgreSQL' if asked.database else 'SQLite FULL'}, {asked.callers} connections; ", end="")
    print(f"fdatasync {fsync_ms(served.folder):.2f} ms; start with 100 devices {served.start_s:.1f} s\n")
    print("| run | accepts/s | p50 ms | p99 ms | server CPU us each |\n| --- | --- | --- | --- | --- |")
    await closed_loop(callers, [request_of(host, t, "urlencoded") for t in served.tokens], 1, served.pid)
    for form in FORMS:
        requests = [request_of(host, token, form) for token in served.tokens]
        print(f"| closed loop, {form} | {await closed_loop(callers, requests, asked.seconds, served.pid)} |")
    requests = [request_of(host, token, "urlencoded") for token in served.tokens]
    for rate in (asked.rate,):
        row = await open_loop(callers, requests, rate, asked.seconds, served.pid)
        print(f"| {rate:,.0f}/s offered, urlencoded | {row} |")
    one = await closed_loop(callers[:1], requests, asked.seconds, served.pid)
    print(f"| closed loop, 1 connection | {one} |")
    print(f"\nmemory after it: {rss_mb(served.pid):.0f} MB")
    served.stop()


if __name__ == "__main__":
    uvloop.run(main())
