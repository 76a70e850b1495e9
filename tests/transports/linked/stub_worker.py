"""A worker without WhatsApp: does as its first argument says, with the words of the real one."""

import os
import signal
import socket
import sys
import time
from typing import Any

from merpati.core.clock import Millis
from merpati.core.ids import Address, WaId
from merpati.transports.linked import protocol
from merpati.transports.linked.frames import FrameReader, framed

FAREWELL = 17


class Stub:
    """`well`, `deaf` (never answers a ping), `stuck` (never lets a session go), `mute` (never acknowledges),
    `dying` (at a hand-over), `aborting` (as the Go runtime does), `garbage`, `older`, `useless`."""

    def __init__(self, how: str, sock: socket.socket) -> None:
        self.how, self.sock = how, sock

    def say(self, word: Any) -> None:  # noqa: ANN401 - any of the worker's
        self.sock.sendall(framed(protocol.body_of(word)))

    def run(self) -> None:
        match self.how:
            case "garbage":
                self.sock.sendall(b"GET / HTTP/1.1\r\n\r\n")
            case "older":
                self.say(protocol.Hello(version=0, library="stub"))
            case "useless":
                self.say(protocol.Trouble(code="library_missing"))
                sys.exit(4)
            case _:
                self.say(protocol.Hello(version=protocol.VERSION, library="stub"))
        frames = FrameReader()
        while data := self.sock.recv(65_536):
            for body in frames.feed(data):
                self.hear(protocol.word_of_gateway(body))

    def hear(self, word: protocol.FromGateway) -> None:
        match word:
            case protocol.Ping() if self.how != "deaf":
                self.say(protocol.Pong(n=word.n))
            case protocol.Open():
                self.say(protocol.Began(device=word.device))
                self.say(protocol.Opened(device=word.device, number=Address("62811")))
            case protocol.Close() if self.how != "stuck":
                self.say(protocol.Done(q=word.q))
            case protocol.Send() if self.how == "dying":
                print("panic: stub", file=sys.stderr, flush=True)  # noqa: T201
                os.kill(os.getpid(), signal.SIGKILL)
            case protocol.Send() if self.how == "aborting":
                print("fatal error: concurrent map read and map write", file=sys.stderr, flush=True)  # noqa: T201
                sys.exit(134)
            case protocol.Send() if self.how != "mute":
                at = Millis(time.time_ns() // 1_000_000)
                self.say(protocol.Acked(q=word.q, wa_id=WaId(f"3EB0{word.message.ref}"), at=at))


if __name__ == "__main__":
    Stub(sys.argv[1], socket.socket(fileno=int(sys.argv[2]))).run()
    sys.exit(FAREWELL)
