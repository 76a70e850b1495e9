"""The simulated network as a rig for the conformance suite."""

from pathlib import Path

from merpati.core.ids import Address, DeviceId, WaId
from merpati.transports.cards import Contacts, Edit, NotShown, Reaction, Revoke
from merpati.transports.port import Capabilities, Content, SendFault, Transport
from merpati.transports.simulator.entries import Fate, HandOff, Said
from merpati.transports.simulator.faults import Do, Rule
from merpati.transports.simulator.journal import read_journal
from merpati.transports.simulator.link import SimulatorLink
from merpati.transports.simulator.settings import Settings
from merpati.transports.simulator.transport import CAPS
from tests.conformance.transport_rig import Heard

AT_ONCE = Settings(scale=0, seed=1)


class SimulatorRig:
    """One network, its journal, and two links: ours and somebody else's."""

    device = Address("6281100000001")
    person = Address("6281200000001")
    absent = Address("6281300000001")
    not_shown = NotShown(kind="hologram", text="kata")
    group = Address("120363000000000001@g.us")

    def __init__(self, ours: SimulatorLink, theirs: SimulatorLink, folder: Path, caps: Capabilities = CAPS) -> None:
        self.caps = caps
        self.ours, self.theirs, self.folder = ours, theirs, folder
        self.phone = theirs.phone

    async def set_up(self) -> None:
        await self.phone.add(self.person, "Budi")
        await self.phone.add(self.absent, registered=False)
        await self.phone.set_group(self.group, "Keluarga", [self.person, self.device])

    def transport(self) -> Transport:
        return self.ours.transport(DeviceId(7), self.device, note="test", caps=self.caps)

    async def pair(self) -> None:
        await self.phone.add_device(self.device)

    async def scan(self, code: str) -> None:
        await self.phone.scan(code)

    async def unlink(self) -> None:
        await self.phone.unlink(self.device)

    async def shown(self) -> list[tuple[str, Content]]:
        return [(line.ref, line.content) for line in self.hand_offs(Fate.TAKEN) if line.content is not None]

    def hand_offs(self, *fates: Fate) -> list[HandOff]:
        """What the journal says was handed over."""
        return [entry for entry in read_journal(self.folder) if isinstance(entry, HandOff) and entry.fate in fates]

    async def changed(self) -> list[tuple[str, WaId, str]]:
        lines = [now.line for now in await self.phone.chat(self.person)]
        contents = [line.content for line in lines if isinstance(line, HandOff)]
        return [
            ("edit", each.about, each.text) if isinstance(each, Edit) else ("revoke", each.about, "")
            for each in contents
            if isinstance(each, Edit | Revoke)
        ]

    async def say(self, text: str, *, group: bool = False) -> WaId:
        return await self.phone.say(self.person, self.group if group else self.device, text)

    async def type_on_phone(self, text: str) -> WaId:
        return await self.phone.say(self.device, self.person, text)

    async def share(self, content: Contacts | Reaction | NotShown) -> WaId:
        return await self.phone.say(self.person, self.device, content)

    async def ticked(self) -> list[WaId]:
        lines = await self.phone.chat(self.person)
        return [now.line.wa_id for now in lines if isinstance(now.line, Said) and now.state == "read"]

    async def vote(self, poll: WaId, choices: tuple[str, ...]) -> None:
        await self.phone.vote(self.person, choices, poll)

    async def choose(self, message: WaId, choice: str) -> None:
        await self.phone.choose(self.person, choice, message)

    async def type(self) -> None:
        await self.phone.type(self.person, self.device)

    async def be_online(self, online: bool) -> None:
        await self.phone.add(self.person, online=online)

    async def block(self) -> None:
        await self.phone.block(self.person, self.device)

    async def refuse_next(self, fault: SendFault, code: str, retry_after_ms: int) -> None:
        rule = Rule(do=Do.REFUSE, times=1, fault=fault, code=code, retry_after_ms=retry_after_ms)
        await self.phone.add_fault(rule)

    async def cut_next(self) -> None:
        await self.phone.add_fault(Rule(do=Do.CUT, times=1))

    async def cut(self) -> None:
        await self.phone.cut_link()

    async def replace(self) -> None:
        await self.theirs.transport(DeviceId(7), self.device, note="somebody else").start(Heard().emit)
