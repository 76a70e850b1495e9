"""What clients ask: keys, numbers, devices, groups, where files go. Whatever is not played is answered empty."""

from collections.abc import Callable

from merpati.fakes.whatsapp.devices import LinkedDevice, read_once
from merpati.fakes.whatsapp.media import HOST
from merpati.fakes.whatsapp.network import Network
from merpati.fakes.whatsapp.nodes import (
    LID_SERVER,
    SERVER,
    Node,
    child,
    children,
    device_of,
    node,
    octets,
    user_of,
)
from merpati.fakes.whatsapp.phones import Group, Phone
from merpati.fakes.whatsapp.ratchet import Bundle

Answer = Callable[[Network, LinkedDevice, Node], list[Node] | Node | None]
MEDIA_TTL_S = 300
ITEM_NOT_FOUND, FORBIDDEN = 404, 403


class Refused(Exception):
    """Answered with an error's code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def answer_query(network: Network, device: LinkedDevice, query: Node) -> Node:
    """The answer to a query of a device that is logged in."""
    first = child(query)
    find = _ANSWERS.get((query.attrs.get("xmlns", ""), first.tag if first is not None else ""))
    try:
        body = find(network, device, query) if find is not None else None
    except Refused as refused:
        return refusal_of(query, refused.code)
    content = body if body is None or isinstance(body, list) else [body]
    return node("iq", {**_envelope(query), "type": "result"}, content)


def refusal_of(query: Node, code: int) -> Node:
    error = node("error", {"code": code, "text": "refused"})
    return node("iq", {**_envelope(query), "type": "error"}, [error])


def _envelope(query: Node) -> dict[str, str]:
    return {"from": query.attrs.get("to", SERVER), "id": query.attrs["id"]}


# -- keys --


def _count_keys(_: Network, device: LinkedDevice, __: Node) -> Node:
    return node("count", {"value": len(device.once)})


def _keep_keys(_: Network, device: LinkedDevice, query: Node) -> None:
    device.once += read_once(child(query, "list"))


def _bundles(network: Network, _: LinkedDevice, query: Node) -> Node:
    return node("list", {}, [_bundle(network, each.attrs["jid"]) for each in children(child(query))])


def _bundle(network: Network, jid: str) -> Node:
    phone = network.phone_of(jid)
    device = phone.devices.get(device_of(jid)) if phone is not None else None
    if phone is None or (device_of(jid) and device is None):
        return node("user", {"jid": jid}, [node("error", {"code": ITEM_NOT_FOUND, "text": "item-not-found"})])
    bundle = device.bundle() if device is not None else phone.cipher.publish()
    return node("user", {"jid": jid}, _bundle_parts(bundle))


def _bundle_parts(bundle: Bundle) -> list[Node]:
    id_, key, signature = bundle.signed
    signed = [node("id", {}, _three(id_)), node("value", {}, key), node("signature", {}, signature)]
    parts = [
        node("registration", {}, bundle.registration.to_bytes(4, "big")),
        node("type", {}, b"\x05"),
        node("identity", {}, bundle.identity),
        node("skey", {}, signed),
    ]
    if bundle.once is not None:
        parts.append(node("key", {}, [node("id", {}, _three(bundle.once[0])), node("value", {}, bundle.once[1])]))
    return parts


def _three(id_: int) -> bytes:
    return id_.to_bytes(3, "big")


# -- numbers --


def _usync(network: Network, _: LinkedDevice, query: Node) -> Node:
    asked = child(query)
    assert asked is not None
    wanted = [each.tag for each in children(child(asked, "query"))]
    users = [_user(network, each, wanted) for each in children(child(asked, "list"))]
    results = node("result", {}, [node(each) for each in wanted])
    kept = {key: asked.attrs.get(key, "") for key in ("sid", "mode", "context")}
    return node("usync", {**kept, "index": 0, "last": "true"}, [results, node("list", {}, users)])


def _user(network: Network, asked: Node, wanted: list[str]) -> Node:
    contact = child(asked, "contact")
    typed = octets(contact).decode() if contact is not None else ""
    jid = asked.attrs.get("jid") or user_of(typed) + SERVER
    phone = network.phone_of(jid)
    there = phone is not None and phone.on_whatsapp
    parts = [node("contact", {"type": "in" if there else "out"}, (typed or user_of(jid)).encode())]
    parts = parts if "contact" in wanted else []
    if phone is None or not phone.on_whatsapp:
        return node("user", {"jid": jid}, parts)
    if "devices" in wanted:
        parts.append(_devices(phone))
    if "lid" in wanted:
        parts.append(node("lid", {"val": phone.jid}))
    if "contact" in wanted:
        return node("user", {"jid": phone.jid, "pn_jid": phone.phone_jid}, parts)
    return node("user", {"jid": jid}, parts)


def _devices(phone: Phone) -> Node:
    linked = [node("device", {"id": each, "key-index": each}) for each in phone.devices]
    listed = node("device-list", {"hash": "2:fake"}, [node("device", {"id": 0}), *linked])
    return node("devices", {}, [listed, node("key-index-list", {"ts": 1})])


# -- groups and files --


def _groups(network: Network, device: LinkedDevice, _: Node) -> Node:
    mine = [each for each in network.groups.values() if any(m.lid == device.lid for m in each.members)]
    return node("groups", {}, [_group(each) for each in mine])


def _group_asked(network: Network, device: LinkedDevice, query: Node) -> Node:
    group = network.groups.get(query.attrs["to"])
    if group is None:
        raise Refused(ITEM_NOT_FOUND)
    if all(each.lid != device.lid for each in group.members):
        raise Refused(FORBIDDEN)
    return _group(group)


def _group(group: Group) -> Node:
    members = [
        node(
            "participant",
            {"jid": each.jid, "phone_number": each.phone_jid, "type": None if index else "superadmin"},
        )
        for index, each in enumerate(group.members)
    ]
    attrs = {
        "id": user_of(group.jid),
        "subject": group.name,
        "creation": 1_700_000_000,
        "s_t": 1_700_000_000,
        "creator": group.members[0].jid,
        "addressing_mode": LID_SERVER.lstrip("@"),
        "size": len(members),
    }
    return node("group", attrs, members)


def _media_hosts(_: Network, __: LinkedDevice, ___: Node) -> Node:
    attrs = {"auth": "fake", "ttl": MEDIA_TTL_S, "auth_ttl": MEDIA_TTL_S, "max_buckets": 12, "id": 1}
    return node("media_conn", attrs, [node("host", {"hostname": HOST})])


_ANSWERS: dict[tuple[str, str], Answer] = {
    ("encrypt", "count"): _count_keys,
    ("encrypt", "registration"): _keep_keys,
    ("encrypt", "key"): _bundles,
    ("usync", "usync"): _usync,
    ("w:g2", "participating"): _groups,
    ("w:g2", "query"): _group_asked,
    ("w:m", "media_conn"): _media_hosts,
}
"""By namespace and the first child's tag."""
