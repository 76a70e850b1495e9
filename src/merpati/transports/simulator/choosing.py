"""People press buttons and choose from lists: what comes back is a message that answers the one pressed in."""

from collections.abc import Iterator

from merpati.core.ids import Address, WaId
from merpati.transports.interactive import Buttons, Chosen, ListMenu, Template, TemplateButtonKind
from merpati.transports.simulator.entries import HandOff, Said
from merpati.transports.simulator.network import Network
from merpati.transports.simulator.people import cannot_act, new_wa_id
from merpati.transports.simulator.wire import Choose, Done, No


def choose(net: Network, ask: Choose) -> Done | No:
    """By its id, its words in any case, or its number in the message (1 is the first). `Done.id` is the answer."""
    person = net.world.person(ask.number)
    line = _line_of(net, ask.number, ask.message)
    if cannot_act(person) or line is None:
        return No(q=ask.q, code=cannot_act(person) or "menu_unknown", about=ask.message or ask.number)
    choices = list(_offered(line))
    chosen = _find(choices, ask.choice)
    if chosen is None:
        return No(q=ask.q, code="choice_unknown", about=", ".join(each.title for each in choices))
    said = Said(
        t=net.now(),
        device=line.device,
        seq=net.next_seq(line.device),
        wa_id=new_wa_id(),
        chat=line.chat if line.chat in net.world.groups else ask.number,
        sender=ask.number,
        name=person.name,
        content=chosen,
        quoted=WaId(line.ref),
    )
    net.post(said)
    return Done(q=ask.q, id=said.wa_id)


def _line_of(net: Network, number: Address, message: WaId | None) -> HandOff | None:
    """The newest that may be meant, of those that the person still sees."""
    lines = (line for line in reversed(net.world.lines(number)) if isinstance(line, HandOff))
    return next(
        (each for each in lines if (not message or WaId(each.ref) == message) and any(_offered(each))), None
    )


def _offered(line: HandOff) -> Iterator[Chosen]:
    """What comes back for each thing that can be pressed, in order; a link's button tells nothing."""
    match line.content:
        case Buttons():
            yield from (Chosen(id=each.id, title=each.title) for each in line.content.buttons)
        case ListMenu():
            rows = (row for section in line.content.sections for row in section.rows)
            yield from (Chosen(id=row.id, title=row.title, description=row.description) for row in rows)
        case Template():
            replies = (each for each in line.content.buttons if each.kind is TemplateButtonKind.QUICK_REPLY)
            yield from (Chosen(id=each.value, title=each.value) for each in replies)


def _find(choices: list[Chosen], text: str) -> Chosen | None:
    plain = text.strip().casefold()
    for choice in choices:
        if text == choice.id or plain == choice.title.strip().casefold():
            return choice
    is_place = plain.isascii() and plain.isdecimal() and 1 <= int(plain) <= len(choices)
    return choices[int(plain) - 1] if is_place else None
