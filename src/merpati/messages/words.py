"""What a message says: the words that a search may find, and its content in one line. Pure."""

from typing import assert_never

from merpati.messages.model import StoredContent, Vote
from merpati.transports.cards import Contacts, Edit, NotShown, Reaction, Revoke
from merpati.transports.interactive import Buttons, Chosen, LinkButton, ListMenu, Template
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
        case Buttons() | ListMenu() | LinkButton():
            return _joined(content.header, content.body, *offered(content), content.footer)
        case Template():
            return _joined(content.name, *filled(content))
        case Chosen():
            return _joined(content.title, content.description)
        case Contacts():
            return " ".join(_joined(each.name, *each.phones) for each in content.contacts)
        case Reaction():
            return content.emoji
        case Edit():
            return content.text
        case Revoke():
            return ""
        case NotShown():
            return content.text
        case _:
            assert_never(content)


def storable(text: str) -> str:
    """Without NUL, which anybody may send and no database stores; the content keeps it, as JSON escapes it."""
    return text.replace("\0", "")


def offered(content: Buttons | ListMenu | LinkButton) -> tuple[str, ...]:
    """What can be pressed, in order: titles, of a row also what stands below it, of a link also its address."""
    match content:
        case Buttons():
            return tuple(each.title for each in content.buttons)
        case ListMenu():
            rows = (row for section in content.sections for row in section.rows)
            return tuple(_joined(row.title, row.description) for row in rows)
        case LinkButton():
            return (_joined(content.title, content.url),)


def filled(template: Template) -> tuple[str, ...]:
    """What its blanks are filled with, after what stands above it: a file's name, or a place's."""
    texts = (each.text for each in (*template.header, *template.body))
    return tuple(filter(None, (*_above(template.attached), *texts)))


def _above(attached: Media | Location | None) -> tuple[str, ...]:
    match attached:
        case Media():
            return (attached.filename,)
        case Location():
            return (attached.caption, attached.address)
        case None:
            return ()


def _joined(*texts: str) -> str:
    return " ".join(filter(None, texts))


def shown(content: StoredContent) -> StoredContent:
    """The content as pages and programs may read it: without what only its receiver may."""
    if isinstance(content, Text) and content.secret:
        return Text(body=_readable(content), preview=content.preview)
    return content


def _readable(text: Text) -> str:
    return text.body.replace(text.secret, MASK * len(text.secret)) if text.secret else text.body


def summary_of(content: StoredContent) -> str:
    """What it holds, in one text for people: also where a location is, and what can be chosen apart."""
    match content:
        case Location():
            return f"{content.caption} ({content.latitude:.6f}, {content.longitude:.6f})".strip()
        case Poll():
            return f"{content.question} {' / '.join(content.choices)}"
        case Buttons() | ListMenu() | LinkButton():
            return f"{content.body} {' / '.join(offered(content))}"
        case Template():
            return f"{content.name}: {', '.join(filled(content))}" if filled(content) else content.name
        case Contacts():
            return ", ".join(_joined(each.name, *each.phones) for each in content.contacts)
        case NotShown():
            return f"{content.kind}: {content.text}" if content.text else content.kind
        case _:
            return words_of(content)
