"""Frames, however they are cut, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from merpati.transports.linked.frames import MOST_BYTES, FrameInvalid, FrameReader, framed

bodies = st.lists(st.binary(min_size=1, max_size=300), max_size=8)


@given(bodies, st.data())
def test_bodies_come_out_whole_however_they_were_cut(sent: list[bytes], data: st.DataObject) -> None:
    """Split in the middle, merged, byte by byte."""
    stream = b"".join(framed(each) for each in sent)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=12)))
    reader, got = FrameReader(), []

    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        got += list(reader.feed(stream[start:end]))

    assert got == sent


@given(bodies, st.binary(min_size=1, max_size=3))
def test_half_a_frame_is_waited_for(sent: list[bytes], begun: bytes) -> None:
    """Nothing comes out of what is not whole."""
    reader = FrameReader()

    assert list(reader.feed(b"".join(framed(each) for each in sent) + begun)) == sent


@pytest.mark.parametrize("length", [0, MOST_BYTES + 1, 0xFFFFFFFF])
def test_a_length_that_no_frame_has_is_garbage(length: int) -> None:
    """Frames before it are read; nothing is allocated for it."""
    reader = FrameReader()
    got = []

    with pytest.raises(FrameInvalid):
        for body in reader.feed(framed(b"one") + length.to_bytes(4) + b"rest"):
            got.append(body)  # noqa: PERF402 - until it raises

    assert got == [b"one"]


@pytest.mark.parametrize("body", [b"", b"x" * (MOST_BYTES + 1)])
def test_what_cannot_be_read_is_not_sent(body: bytes) -> None:
    """An empty frame, and one that is too long."""
    with pytest.raises(FrameInvalid):
        framed(body)
