"""A webhook receiver: keeps a table of message statuses and answers what people write, as the samples of Fonnte's
documentation do.

    python examples/receiver.py --port 9000 --database reports.db

Needs nothing but Python 3.11+. Set `webhook` and `webhookstatus` (and `webhookconnect`) of a device to
http://127.0.0.1:9000/. With GATEWAY_URL and GATEWAY_TOKEN (the device's) set it answers.
What to copy into a program of your own:

* Answer 200 only after the change is committed: whatever was not answered with 200 comes again.
* So the same event may come twice. Its `webhook-id` stays the same: remember it in the same transaction as the
  change, and drop what you have seen. Then a crash at any moment neither loses nor repeats anything.
* An answer is sent before the event is stored, with the `webhook-id` as its `Idempotency-Key`: an event that comes
  again, because we crashed in between, sends no second answer.
* A status is matched by `id`; once a `stateid` was told, delivered and read come by `stateid` alone.
* With WEBHOOK_SECRET set (`whsec_…`) only calls with a good `webhook-signature` are believed.
"""

import argparse
import base64
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TABLES = """
CREATE TABLE IF NOT EXISTS seen (webhook_id TEXT PRIMARY KEY, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS report (
  id INTEGER UNIQUE, device TEXT, target TEXT, message TEXT, status TEXT, state TEXT, stateid TEXT UNIQUE
);
CREATE TABLE IF NOT EXISTS device_status (device TEXT, status TEXT, reason TEXT, timestamp INTEGER);
CREATE TABLE IF NOT EXISTS incoming (device TEXT, sender TEXT, member TEXT, name TEXT, message TEXT, url TEXT);
"""
REPLIES = {"test": "working great!"}
SORRY = "Sorry, I don't understand. Please use one of the following keywords:\n\nTest"
SEND_S = 10
LARGEST_BODY = 1_000_000
OLDEST_S = 300
"""How old a signed call may be: an older one is somebody's copy."""


class Reports:
    """The tables. One connection, one writer at a time."""

    def __init__(self, path: str) -> None:
        self.lock = threading.Lock()
        self.database = sqlite3.connect(path, check_same_thread=False)
        self.database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + TABLES)

    def take(self, webhook_id: str, data: dict) -> bool:
        """Store one event and commit; False when it was seen before."""
        with self.lock, self.database:
            new = self.database.execute(
                "INSERT OR IGNORE INTO seen (webhook_id, at) VALUES (?, ?)", (webhook_id, int(time.time()))
            )
            if new.rowcount == 0:
                return False
            self.store(data)
            return True

    def has_seen(self, webhook_id: str) -> bool:
        with self.lock:
            return bool(self.database.execute("SELECT 1 FROM seen WHERE webhook_id = ?", (webhook_id,)).fetchone())

    def store(self, data: dict) -> None:
        """A message that came, or the three cases of Fonnte's sample, or the device's status."""
        id_, stateid = data.get("id"), data.get("stateid")
        if "sender" in data:
            change = "INSERT INTO incoming VALUES (:device, :sender, :member, :name, :message, :url)"
        elif id_ is not None and stateid is not None:
            self.expect(data)
            change = "UPDATE report SET status = :status, state = :state, stateid = :stateid WHERE id = :id"
        elif id_ is not None:
            self.expect(data)
            change = "UPDATE report SET status = :status WHERE id = :id"
        elif stateid is not None:
            change = "UPDATE report SET state = :state WHERE stateid = :stateid"
        else:
            change = "INSERT INTO device_status VALUES (:device, :status, :reason, :timestamp)"
        keys = ("id", "stateid", "status", "state", "device", "reason", "timestamp")
        keys += ("sender", "member", "name", "message", "url")
        self.database.execute(change, {key: data.get(key) for key in keys})

    def expect(self, data: dict) -> None:
        """A message that another program sent, so that it is not in the table yet."""
        self.database.execute(
            "INSERT OR IGNORE INTO report (id, device) VALUES (?, ?)", (data["id"], data.get("device"))
        )


def reply_to(data: dict) -> str:
    """What to answer; nothing in a group, to a status, or when we are told of something else."""
    if "sender" not in data or data.get("isgroup") or "@" in data["sender"]:
        return ""
    return REPLIES.get(str(data.get("message")).strip().lower(), SORRY)


def send(data: dict, reply: str, event: str) -> None:
    """Answer the sender, quoting the message; raises OSError when the gateway cannot be reached."""
    fields = {"target": data["sender"], "message": reply}
    if data.get("inboxid"):
        fields["inboxid"] = data["inboxid"]
    request = urllib.request.Request(
        f"{os.environ['GATEWAY_URL']}/send",
        urllib.parse.urlencode(fields).encode(),
        {"Authorization": os.environ.get("GATEWAY_TOKEN", ""), "Idempotency-Key": event},
    )
    with urllib.request.urlopen(request, timeout=SEND_S) as answer:
        result = json.load(answer)
    if not result.get("status"):
        sys.stderr.write(f"not sent: {result.get('reason')}\n")


def is_signed(headers: dict, body: bytes, secret: str) -> bool:
    """Whether the signature is right and not old (Standard Webhooks: HMAC-SHA256 over id.timestamp.body)."""
    event, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not stamp.isdigit() or abs(time.time() - int(stamp)) > OLDEST_S:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    right = base64.b64encode(hmac.digest(key, f"{event}.{stamp}.".encode() + body, hashlib.sha256)).decode()
    told = (part.partition(",") for part in headers.get("webhook-signature", "").split())
    return any(version == "v1" and hmac.compare_digest(signature, right) for version, _, signature in told)


class Receiver(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    reports: Reports
    secret: str

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if length > LARGEST_BODY:
            return self.answer(413)
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.secret and not is_signed(headers, body, self.secret):
            return self.answer(401)
        try:
            data = json.loads(body)
        except ValueError:
            return self.answer(400)
        if not isinstance(data, dict):
            return self.answer(400)
        return self.answer(self.receive(headers.get("webhook-id") or hashlib.sha256(body).hexdigest(), data))

    def receive(self, event: str, data: dict) -> int:
        """Answer what somebody wrote, then store it; the status for merpati."""
        reply = reply_to(data) if os.environ.get("GATEWAY_URL") and not self.reports.has_seen(event) else ""
        try:
            if reply:
                send(data, reply, event)
        except (OSError, ValueError):
            return 503  # it comes again
        self.reports.take(event, data)
        return 200

    def answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the table tells."""


def main() -> None:
    arguments = argparse.ArgumentParser(description="A webhook receiver with a table of statuses.")
    arguments.add_argument("--port", type=int, default=9000)
    arguments.add_argument("--database", default="reports.db")
    chosen = arguments.parse_args()
    Receiver.reports = Reports(chosen.database)
    Receiver.secret = os.environ.get("WEBHOOK_SECRET", "")
    server = ThreadingHTTPServer(("127.0.0.1", chosen.port), Receiver)
    sys.stdout.write(f"listening on http://127.0.0.1:{server.server_port}/\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
