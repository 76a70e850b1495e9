"""Raw bytes to named values: every form that programs send, and every broken one."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.api.fonnte.body import ClientGone, read_fields
from merpati.api.fonnte.fields import Fields
from merpati.api.fonnte.form import Limits
from merpati.core.errors import Code, Refusal

FORM, JSON, MULTI = "application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=X"
BOTH = {"target": "0812", "message": "hi there"}
PARTS = (
    b'--X\r\nContent-Disposition: form-data; name="target"\r\n\r\n0812\r\n'
    b'--X\r\nContent-Disposition: form-data; name="message"\r\n\r\nhi there\r\n--X--\r\n'
)
ENCODED = b"target=0812&message=hi+there"
OBJECT = b'{"target": "0812", "message": "hi there"}'


def fed(*chunks: bytes, gone: bool = False) -> Callable[[], Awaitable[Mapping[str, Any]]]:
    """An ASGI `receive` with these pieces of a body."""
    messages: list[Mapping[str, Any]] = [{"type": "http.request", "body": c, "more_body": True} for c in chunks]
    messages.append({"type": "http.disconnect"} if gone else {"type": "http.request", "body": b""})
    feed = iter(messages)

    async def receive() -> Mapping[str, Any]:
        return next(feed)

    return receive


async def read(spool: Path, *chunks: bytes, declared: str = "", query: bytes = b"", **limits: int) -> Fields:
    headers = {"content-type": declared} if declared else {}
    return await read_fields(fed(*chunks), headers, query, Limits(spool=spool, **limits))


def is_empty(folder: Path) -> bool:
    return not list(folder.iterdir())


FORMS = [
    (FORM, ENCODED),
    (JSON, OBJECT),
    (MULTI, PARTS),
    # declared one way, written another
    ("", ENCODED),
    ("", OBJECT),
    ("", PARTS),
    (FORM, OBJECT),
    (FORM, PARTS),
    (JSON, PARTS),
    (JSON, ENCODED),
    ("text/plain;charset=UTF-8", OBJECT),
    ("nonsense", ENCODED),
    # decoration
    (JSON, b"\xef\xbb\xbf" + OBJECT),
    (JSON, b"\r\n  " + OBJECT + b"\r\n"),
    (FORM + "; charset=UTF-8", ENCODED + b"\r\n"),
    ("Application/JSON; Charset=utf-8", OBJECT),
    (JSON + "; charset=utf-16", OBJECT.decode().encode("utf-16")),
    ('Multipart/Form-Data; Boundary="X"', PARTS),
    (MULTI, b"a preamble\r\n" + PARTS + b"an epilogue"),
    (JSON, b'{"Target": "0812", "MESSAGE": "hi there"}'),
]


@pytest.mark.parametrize(("declared", "body"), FORMS)
async def test_the_bytes_decide_and_not_the_declared_type(tmp_path: Path, declared: str, body: bytes) -> None:
    """Every form, under a right, a wrong and no Content-Type, comes to the same values."""
    assert (await read(tmp_path, body, declared=declared)).values == BOTH


@pytest.mark.parametrize(("declared", "body"), FORMS)
async def test_a_body_cut_into_single_bytes_is_the_same_body(tmp_path: Path, declared: str, body: bytes) -> None:
    """Where the network cuts does not matter."""
    pieces = [body[n : n + 1] for n in range(len(body))]

    assert (await read(tmp_path, *pieces, declared=declared)).values == BOTH


NAMED = [
    (b"target[]=1&target[]=2", {"target": ["1", "2"]}),
    (b"target%5B0%5D=1&target%5B1%5D=2", {"target": ["1", "2"]}),
    (b"target=1&target=2", {"target": ["1", "2"]}),
    (
        b"data[0][target]=1&data[0][message]=a&data[1][target]=2",
        {"data": [{"target": "1", "message": "a"}, {"target": "2"}]},
    ),
    (b"a&b=&=c", {"a": "", "b": "", "": "c"}),
    (b"message=%C3%A9", {"message": "é"}),
    (b"message=caf%E9", {"message": "café"}),
    (b"message=caf\xc3\xa9", {"message": "café"}),
    (b"message=100%", {"message": "100%"}),
]


@pytest.mark.parametrize(("body", "values"), NAMED)
async def test_names_and_texts_of_a_form(tmp_path: Path, body: bytes, values: dict[str, object]) -> None:
    """PHP's arrays, repeated names, missing values, other charsets."""
    assert (await read(tmp_path, body, declared=FORM)).values == values


async def test_the_query_fills_what_the_body_lacks(tmp_path: Path) -> None:
    """A name in both is the body's."""
    read_ = await read(tmp_path, b"message=body", declared=FORM, query=b"message=query&target=0812")

    assert read_.values == {"message": "body", "target": "0812"}


async def test_no_body_is_no_values(tmp_path: Path) -> None:
    """Endpoints without parameters are called so."""
    assert (await read(tmp_path)).values == {}
    assert (await read(tmp_path, b"  \r\n", declared=JSON)).values == {}


FILE = (
    b'--X\r\nContent-Disposition: form-data; name="target"\r\n\r\n0812\r\n'
    b'--X\r\nContent-Disposition: form-data; name="file"; filename="a \xc3\xa9.pdf"\r\n'
    b"Content-Type: application/pdf\r\n\r\n%PDF-1.7 " + b"\r\n--Y" * 1_000 + b"\r\n--X--\r\n"
)


async def test_a_file_is_streamed_to_the_spool(tmp_path: Path) -> None:
    """Its bytes are whole; discarding removes it."""
    fields = await read(tmp_path, *(FILE[n : n + 100] for n in range(0, len(FILE), 100)), declared=MULTI)

    assert fields.values == {"target": "0812"}
    assert fields.upload is not None
    assert fields.upload.filename == "a é.pdf"
    assert fields.upload.path.read_bytes() == b"%PDF-1.7 " + b"\r\n--Y" * 1_000
    assert fields.upload.size_bytes == fields.upload.path.stat().st_size
    fields.discard()
    assert is_empty(tmp_path)


async def test_a_file_too_large_is_cut_and_its_size_told(tmp_path: Path) -> None:
    """The endpoint answers with Fonnte's reason; the disk holds no more than allowed."""
    fields = await read(tmp_path, FILE, declared=MULTI, max_file_bytes=100)

    assert fields.upload is not None
    assert fields.upload.size_bytes > 100
    assert fields.upload.path.stat().st_size == 100


async def test_a_file_may_be_larger_than_a_body_without_one(tmp_path: Path) -> None:
    """The limits are apart: a file goes to disk, texts stay in memory."""
    start, end = FILE.split(b"%PDF-1.7 ")
    pieces = [start, b"%PDF-1.7 ", *[b"x" * 1_000] * 50, end]
    fields = await read(tmp_path, *pieces, declared=MULTI, max_body_bytes=10_000, max_file_bytes=100_000)

    assert fields.upload is not None
    assert fields.upload.size_bytes > 50_000
    fields.discard()
    with pytest.raises(Refusal) as refused:
        texts = [PARTS[:-10], *[b"x" * 1_000] * 50, PARTS[-10:]]
        await read(tmp_path, *texts, declared=MULTI, max_body_bytes=10_000, max_file_bytes=100_000)
    assert refused.value.code is Code.BODY_TOO_LARGE
    assert is_empty(tmp_path)


async def test_an_empty_file_input_is_no_file(tmp_path: Path) -> None:
    """A browser sends one with an empty name when nothing was chosen."""
    body = b'--X\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--X--\r\n'

    assert (await read(tmp_path, body, declared=MULTI)).upload is None
    assert is_empty(tmp_path)


BROKEN = [
    (JSON, b"{"),
    (JSON, b'{"target": }'),
    (JSON, b"[1, 2]"),
    (JSON, b"[" * 100_000),
    (JSON, b'{"a":' * 100_000),
    (JSON, b'"text"'),
    (JSON, b"no json"),
    (JSON, b'{"message": "\\ud800"}'),
    (JSON, b'{"a": ' + b"9" * 100_000 + b"}"),
    (MULTI, b"--X\r\nContent-Disposition: form-data; name="),
    (MULTI, PARTS[:-10]),
    (MULTI, b"no multipart at all"),
    (MULTI, b""),
    (MULTI, PARTS.replace(b"\r\n", b"\n")),
    (MULTI, b"--X\r\nno header\r\n\r\nx\r\n--X--\r\n"),
    (MULTI, b"--X\r\nA: " + b"b" * 100_000 + b"\r\n\r\nx\r\n--X--\r\n"),
    (MULTI, b"--X\r\n" + b"A: b\r\n" * 1_000 + b"\r\nx\r\n--X--\r\n"),
    (MULTI, FILE[:-10]),
    ("multipart/form-data", b"no boundary anywhere"),
    ("multipart/form-data; boundary=", b"--\r\n"),
    (FORM, b"&".join(b"a=1" for _ in range(2_000))),
    (FORM, b"a[b][c][d][e][f]=1"),
]


@pytest.mark.parametrize(("declared", "body"), BROKEN)
async def test_a_broken_body_is_refused_and_leaves_nothing(tmp_path: Path, declared: str, body: bytes) -> None:
    """Cut short, malformed, too deep, too many."""
    with pytest.raises(Refusal) as refused:
        await read(tmp_path, body, declared=declared)

    assert refused.value.code is Code.BODY_INVALID
    assert is_empty(tmp_path)


@pytest.mark.parametrize("declared", [FORM, JSON, MULTI])
async def test_a_body_is_counted_while_it_is_read(tmp_path: Path, declared: str) -> None:
    """No Content-Length is believed; the rest is read and dropped, so that the caller hears the answer."""
    start = PARTS[:-10] if declared is MULTI else b"message="

    with pytest.raises(Refusal) as refused:
        await read(tmp_path, start, *[b"x" * 1_000] * 12, declared=declared, max_body_bytes=10_000)

    assert refused.value.code is Code.BODY_TOO_LARGE
    assert is_empty(tmp_path)


async def test_a_caller_that_leaves_is_no_request(tmp_path: Path) -> None:
    """The connection closed in the middle of a file: nothing stays."""
    with pytest.raises(ClientGone):
        await read_fields(fed(FILE[:500], gone=True), {"content-type": MULTI}, b"", Limits(spool=tmp_path))

    assert is_empty(tmp_path)


@given(st.sampled_from([FORM, JSON, MULTI, ""]), st.binary(max_size=200))
async def test_any_bytes_are_values_or_refused(
    tmp_path_factory: pytest.TempPathFactory, declared: str, body: bytes
) -> None:
    """Nothing but a Refusal comes out, whatever goes in."""
    spool = tmp_path_factory.getbasetemp()
    try:
        await read(spool, body, declared=declared)
    except Refusal as refusal:
        assert refusal.code is Code.BODY_INVALID
