"""What a message says: the words that a search may find, and its content in one line. Pure."""

from typing import assert_never

from merpati.messages.model import StoredContent, Vote
from merpati.transports.port import Location, Media, Poll, Text

MASK = "•"
"""Stands for each character of what may not be read."""


def words_of(content: StoredContent) -> str:
    """The text to search in: body, caption and file name, question and choices."""
    match content:
        case Text():
            return _readable(content)
        case Media():
            return f"{content.caption} {content.filename}".strip()
        case Location():
            return content.caption
        case Poll():
            return " ".join((content.question, *content.choices))
        case Vote():
            return ", ".join(content.choices)
        case _:
            assert_never(content)


def shown(content: StoredContent) -> StoredContent:
    """The content as pages and programs may read it: without what only its receiver may."""
    if isinstance(content, Text) and content.secret:
        return Text(body=_readable(content), preview=content.preview)
    return content


def _readable(text: Text) -> str:
    return text.body.replace(text.secret, MASK * len(text.secret)) if text.secret else text.body


def summary_of(content: StoredContent) -> str:
    """What it holds, in one text for people: also where a location is, and a poll's choices apart."""
    match content:
        case Location():
            return f"{content.caption} ({content.latitude:.6f}, {content.longitude:.6f})".strip()
        case Poll():
            return f"{content.question} {' / '.join(content.choices)}"
        case _:
            return words_of(content)
