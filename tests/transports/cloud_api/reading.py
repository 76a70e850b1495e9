"""What a person's phone shows of Meta's JSON: the port's contents again."""

from pathlib import Path
from typing import Any

from merpati.core.ids import WaId
from merpati.fakes.graph.media import MediaFile
from merpati.transports.cards import Contact, Contacts, NotShown, Reaction
from merpati.transports.interactive import Button, Buttons, LinkButton, ListMenu, Row, Section, Template, Variable
from merpati.transports.port import Content, Location, Media, MediaKind, Text

Body = dict[str, Any]


def content_of(body: Body, files: dict[str, MediaFile], folder: Path) -> Content:
    """A message's own fields, read back; a file's bytes lie in `folder`."""
    kind = body["type"]
    named = body[kind]
    match kind:
        case "text":
            return Text(body=named["body"], preview=named["preview_url"])
        case "location":
            return Location(latitude=named["latitude"], longitude=named["longitude"], caption=named.get("name", ""))
        case "interactive":
            return _interactive(named)
        case "contacts":
            return Contacts(contacts=tuple(_contact(each) for each in named))
        case "reaction":
            return Reaction(emoji=named["emoji"], about=WaId(named["message_id"]))
        case "template":
            return _template(named, files, folder)
        case _:
            return _media(MediaKind(kind), named, files[named["id"]], folder)


def _contact(card: Body) -> Contact:
    return Contact(name=card["name"]["formatted_name"], phones=tuple(each["phone"] for each in card["phones"]))


def shared(content: Contacts | Reaction | NotShown) -> Body:
    """What Meta tells when somebody sends this."""
    match content:
        case Contacts():
            cards = [
                {"name": {"formatted_name": each.name}, "phones": [{"phone": phone} for phone in each.phones]}
                for each in content.contacts
            ]
            return {"type": "contacts", "contacts": cards}
        case Reaction():
            return {"type": "reaction", "reaction": {"message_id": content.about, "emoji": content.emoji}}
        case NotShown():
            return {"type": content.kind, content.kind: {"body": content.text}}


def _interactive(named: Body) -> Content:
    action, texts = named["action"], {"body": named["body"]["text"]}
    for part in ("header", "footer"):
        if part in named:
            texts[part] = named[part]["text"]
    match named["type"]:
        case "button":
            return Buttons(**texts, buttons=tuple(Button(**each["reply"]) for each in action["buttons"]))
        case "list":
            sections = tuple(
                Section(title=each.get("title", ""), rows=tuple(Row(**row) for row in each["rows"]))
                for each in action["sections"]
            )
            return ListMenu(**texts, button=action["button"], sections=sections)
        case _:
            link = action["parameters"]
            return LinkButton(**texts, title=link["display_text"], url=link["url"])


def _template(named: Body, files: dict[str, MediaFile], folder: Path) -> Template:
    filled = {each["type"]: each["parameters"] for each in named["components"]}
    [above] = filled.get("header", [{"type": "text", "text": ""}])
    return Template(
        name=named["name"],
        language=named["language"]["code"],
        header=(Variable(text=above["text"]),) if above.get("text") else (),
        body=tuple(Variable(text=each["text"]) for each in filled["body"]),
        attached=None if above["type"] == "text" else _attached(above["type"], above, files, folder),
    )


def _attached(type_: str, above: Body, files: dict[str, MediaFile], folder: Path) -> Media | Location:
    named = above[type_]
    if type_ != "location":
        return _media(MediaKind(type_), named, files[named["id"]], folder)
    return Location(
        latitude=named["latitude"], longitude=named["longitude"], caption=named["name"], address=named["address"]
    )


def _media(kind: MediaKind, named: Body, file: MediaFile, folder: Path) -> Media:
    path = folder / f"shown-{file.id}"
    path.write_bytes(file.data)
    return Media(
        kind=kind,
        path=str(path),
        mime=file.mime,
        size_bytes=len(file.data),
        filename=named.get("filename", ""),
        caption=named.get("caption", ""),
    )
