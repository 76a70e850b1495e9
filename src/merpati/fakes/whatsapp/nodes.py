"""The protocol's nodes, as read and written here, and the addresses in them.

A node is a tag, attributes and children or bytes, like XML in a binary form that `pyaileys` reads and writes.
"""

from collections.abc import Mapping, Sequence

from pyaileys.wabinary.types import BinaryNode

Node = BinaryNode
SERVER = "@s.whatsapp.net"
LID_SERVER = "@lid"
GROUP_SERVER = "@g.us"


def node(
    tag: str,
    attrs: Mapping[str, object] | None = None,
    content: Sequence[Node] | bytes | None = None,
) -> Node:
    """A node; attributes that are None are left out."""
    kept = {key: str(value) for key, value in (attrs or {}).items() if value is not None}
    return Node(tag, kept, content if content is None or isinstance(content, bytes) else list(content))


def children(parent: Node | None, tag: str | None = None) -> list[Node]:
    content = parent.content if parent is not None and isinstance(parent.content, list) else []
    return [each for each in content if tag is None or each.tag == tag]


def child(parent: Node | None, tag: str | None = None) -> Node | None:
    """The first child of that tag."""
    return next(iter(children(parent, tag)), None)


def octets(of: Node | None) -> bytes:
    """A node's bytes; text is bytes that happened to be in the dictionary."""
    content = of.content if of is not None else None
    if isinstance(content, str):
        return content.encode("latin1")
    return content if isinstance(content, bytes) else b""


def number(of: Node | None) -> int:
    return int.from_bytes(octets(of), "big")


def user_of(jid: str) -> str:
    """`62811:3@s.whatsapp.net` -> `62811`"""
    return jid.partition("@")[0].partition(":")[0].partition("_")[0].lstrip("+")


def device_of(jid: str) -> int:
    """`62811:3@s.whatsapp.net` -> 3; the phone itself is 0."""
    return int(jid.partition("@")[0].partition(":")[2] or 0)
