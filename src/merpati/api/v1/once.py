"""`Idempotency-Key` on every POST: the same key with the same body is done once, and answered alike again.

A key belongs to an account. Its first call is remembered in the transaction of its effect, so that a crash after it
leaves nothing to be done twice; a call that was refused changed nothing, and its key is free again. What is
answered is kept sealed, since some of it is a secret. There are three ways for an endpoint:

* `Once.answer`: the effect is one transaction, and what comes of it is the answer: both are stored together.
* `Once.write`: the same, but the answer is what can be read afterwards. Where a crash came before the answer was
  kept, the next call reads it anew.
* Neither: the effect is not in our database (WhatsApp is asked, an address is called), or nothing changes. The
  answer is kept when it is made; a crash between may have the effect twice.
"""

import contextlib
import hashlib
import logging
from collections.abc import MutableMapping
from typing import Any, TypeVar, cast

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection

from merpati.api.accepting import LARGE_BYTES, beside
from merpati.api.fonnte.keys import LONGEST_KEY, KeysInProgress
from merpati.api.gateway import Gateway
from merpati.core.crashpoint import crashpoint
from merpati.core.errors import Code, Refusal
from merpati.core.ids import AccountId
from merpati.log.model import IdempotencyRow
from merpati.log.requests import keep_answer, recall_keys, remember_keys
from merpati.storage.port import Action, Storage, StorageError, Tx

HEADER = "Idempotency-Key"
HASHED_BY_ITSELF = "once_hashes_body"
"""In an endpoint's `opt`: its body is not JSON, and it calls `Once.begin` when it has read it."""
_SEAL = "answer"
_ONCE = "merpati.once"
_held = KeysInProgress()
_logger = logging.getLogger("merpati.api")
_canonical = msgspec.json.Encoder(order="sorted").encode
T = TypeVar("T")


class Replay(Exception):
    """The key was known: its answer is given again, and nothing is done. Not an error."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body


class Once:
    """One call and its key. Without a key everything is simply done."""

    def __init__(self, gateway: Gateway, account: AccountId, key: str | None, who: str) -> None:
        self._gateway, self._account, self._key, self._who = gateway, account, key, who
        self._holding = contextlib.ExitStack()
        self.row: IdempotencyRow | None = None
        """What is remembered, its answer not yet filled in."""
        self._is_done = False
        """An earlier call did it, and its answer was lost with its process."""
        self.is_kept = False
        """The answer is stored."""

    @property
    def waits_for_answer(self) -> bool:
        """It has a key, and its answer is still to be kept."""
        return self.row is not None and not self.is_kept

    async def begin(self, content: bytes) -> None:
        """Look the key up; `content` is the digest of what is asked.

        Raises `Replay` where it was answered, `Refusal` (KEY_REUSED, KEY_IN_PROGRESS).
        """
        if self._key is None:
            return
        self._holding.enter_context(_held.holding(self._account, self._key))
        hash_ = hashlib.sha256(self._who.encode() + content).hexdigest()
        self.row = IdempotencyRow(
            account=self._account, key=self._key, body_hash=hash_, answer="", at=self._gateway.clock.now()
        )
        if (known := await self._gateway.storage.read(_recall, self.row)) is not None:
            self._replay(known)

    def _replay(self, known: IdempotencyRow) -> None:
        """Raises `Replay`; comes back where it was done, and its answer was lost."""
        if self.row is not None and known.body_hash != self.row.body_hash:
            raise Refusal(Code.KEY_REUSED)
        if not known.answer:
            self._is_done = True
            return
        self.is_kept = True
        is_clear = known.answer.startswith("{")  # of a call that sends; what is sealed has no brace in it
        text = known.answer if is_clear else self._gateway.sealer.unseal(_SEAL, self._account, known.answer)
        raise Replay(text.encode())

    async def answer(self, storage: Storage, action: Action[[], T]) -> T:
        """Run the action, whose result is the answer, and store both as one; raises `Replay` as `begin` does."""
        if self.row is None:
            return await storage.write(action)
        answered = await self._settle(storage, action)
        self.is_kept = True
        crashpoint("after_answer_stored")
        return cast("T", answered)

    async def write(self, storage: Storage, action: Action[..., Any], *args: Any, **more: Any) -> None:  # noqa: ANN401 — the action's
        """Run the action, and store that it was done; not again where it was."""
        if self._is_done:
            return
        if self.row is None:
            await storage.write(action, *args, **more)
            return
        with contextlib.suppress(_DoneBefore):
            await self._settle(storage, lambda tx: action(tx, *args, **more), is_answer=False)
        crashpoint("after_effect_stored")

    async def _settle(self, storage: Storage, action: Action[[], object], *, is_answer: bool = True) -> object:
        row = self.row
        assert row is not None

        async def settle(tx: Tx) -> tuple[object, IdempotencyRow | None]:
            await tx.lock([row.account])
            if (known := await _recall(tx, row)) is not None:
                return None, known
            done = await action(tx)
            kept = msgspec.structs.replace(row, answer=self._seal(_encoded(done)) if is_answer else "")
            await remember_keys(tx, [kept])
            return done, None

        done, known = await storage.write(settle)
        if known is not None:
            self._replay(known)
            raise _DoneBefore
        return done

    async def keep(self, body: bytes) -> None:
        """Store the answer, when all else is done. Where it cannot be, the caller is answered all the same."""
        if self.row is None or self.is_kept:
            return
        try:
            await self._gateway.storage.write(
                keep_answer, msgspec.structs.replace(self.row, answer=self._seal(body))
            )
        except StorageError as error:
            _logger.warning("the answer to an idempotency key is not kept: %s", error)

    def _seal(self, body: bytes) -> str:
        return self._gateway.sealer.seal(_SEAL, self._account, body.decode())

    def close(self) -> None:
        """The key is no longer in progress."""
        self._holding.close()


class _DoneBefore(Exception):
    """Another process did it a moment ago; its answer is still on its way."""


async def _recall(tx: Tx, row: IdempotencyRow) -> IdempotencyRow | None:
    return (await recall_keys(tx, [(row.account, row.key)])).get((row.account, row.key))


def _encoded(answer: object) -> bytes:
    return b"" if answer is None else msgspec.json.encode(answer)


async def open_once(request: Request[Any, Any, Any], gateway: Gateway) -> None:
    """Before an endpoint: a POST with a key is looked up.

    Raises as `Once.begin`, and `Refusal(INPUT_INVALID)` for a key that is too long.
    """
    handler = request.route_handler
    if request.method != "POST" or handler.opt.get("open"):
        return
    key = request.headers.get(HEADER, "").strip()
    if len(key) > LONGEST_KEY:
        raise Refusal(Code.INPUT_INVALID, field=HEADER)
    principal = request.user
    who = f"{principal.who}\n{request.url.path}\n{request.url.query}\n"
    once = Once(gateway, principal.account.id, key or None, who)
    cast("MutableMapping[str, Any]", request.scope)[_ONCE] = once
    if key and not handler.opt.get(HASHED_BY_ITSELF):
        body = await request.body()
        await once.begin(await beside(len(body) > LARGE_BYTES, _digest, body))


def _digest(body: bytes) -> bytes:
    """Of the values, in whatever order they come; of the bytes, where they are no JSON."""
    with contextlib.suppress(msgspec.MsgspecError, ValueError, RecursionError):
        body = _canonical(msgspec.json.decode(body))
    return hashlib.sha256(body).digest()


def once_in(scope: object) -> Once | None:
    """The call's key, where the endpoint is one that may have one."""
    return cast("MutableMapping[str, Once]", scope).get(_ONCE)


async def provide_once(request: Request[Any, Any, Any]) -> Once:
    """As `once`, for POST endpoints."""
    found = once_in(request.scope)
    assert found is not None, "only a closed POST has a key"
    return found


def replayed(request: ASGIConnection[Any, Any, Any, Any], replay: Replay) -> Response[bytes]:
    """The answer of the first call."""
    handler = cast("Any", request).route_handler
    headers = {"Idempotency-Replayed": "true"}
    status = handler.status_code
    if status == 204:
        return Response(b"", status_code=status, headers=headers)
    return Response(replay.body, status_code=status, media_type="application/json", headers=headers)
