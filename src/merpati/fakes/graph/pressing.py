"""What a customer says by pressing: a reply button, a row of a list, a template's quick reply. Pure."""

from typing import Any

from merpati.fakes.graph.templates import find_template, is_part
from merpati.fakes.graph.world import Line, World


class NothingThere(Exception):
    """The message has no such button or row; the text says so."""


def pressed_body(world: World, line: Line, id_: str) -> dict[str, Any]:
    """The body of what is said; of a template's quick reply `id_` is its payload. Raises `NothingThere`."""
    if line.body["type"] == "interactive":
        return {"type": "interactive", "interactive": _reply(line.body["interactive"], id_)}
    if line.body["type"] == "template":
        return {"type": "button", "button": {"payload": id_, "text": _quick_reply(world, line, id_)}}
    raise NothingThere("this message has no buttons")


def _reply(interactive: dict[str, Any], id_: str) -> dict[str, Any]:
    action = interactive["action"]
    for button in action.get("buttons", []):
        if button["reply"]["id"] == id_:
            return {"type": "button_reply", "button_reply": button["reply"]}
    for section in action.get("sections", []):
        for row in section["rows"]:
            if row["id"] == id_:
                return {"type": "list_reply", "list_reply": row}
    raise NothingThere(f"no button or row {id_}")


def _quick_reply(world: World, line: Line, payload: str) -> str:
    """What stands on the button, as the template was handed in; without a payload it is known by its text."""
    sent = line.body["template"]
    template = find_template(world, world.numbers[line.number].business, sent["name"], sent["language"]["code"])
    listed = template.components if template is not None else []
    buttons = [button for each in listed if is_part(each, "BUTTONS") for button in each["buttons"]]
    given = {
        int(each["index"]): (each.get("parameters") or [{}])[0].get("payload")
        for each in sent.get("components") or []
        if is_part(each, "BUTTON")
    }
    for place, button in enumerate(buttons):
        text = str(button.get("text"))
        if str(button.get("type")).upper() == "QUICK_REPLY" and payload == (given.get(place) or text):
            return text
    raise NothingThere(f"no quick reply {payload}")
