"""Templates, by pywa: handed in, judged, listed, sent."""

import msgspec
import pytest
from pywa import errors
from pywa.types.message_status import MessageStatus
from pywa.types.templates import (
    BodyText,
    HeaderText,
    Template,
    TemplateCategory,
    TemplateLanguage,
    TemplateStatus,
    TemplateStatusUpdate,
)

from merpati.fakes.graph.settings import AT_ONCE, DAY_MS
from tests.fakes.graph.rig import Rig, open_rig

SALAM = Template(
    name="salam",
    language=TemplateLanguage.INDONESIAN,
    category=TemplateCategory.UTILITY,
    components=[HeaderText("Toko"), BodyText("Halo {{1}}, pesanan {{2}} siap", "Budi", "7")],
)
FILLED = {"type": "body", "parameters": [{"type": "text", "text": "Budi"}, {"type": "text", "text": "7"}]}


async def test_a_template_is_judged_and_then_goes_outside_the_window(rig: Rig) -> None:
    """PENDING at first; the word comes by webhook; filled in it is sent, and billed by its category."""
    created = await rig.call(rig.pywa.create_template, SALAM)
    assert created.status == TemplateStatus.PENDING
    await rig.settled()
    [told] = rig.receiver.of(TemplateStatusUpdate)
    rig.clock.pass_ms(DAY_MS)

    await rig.call(rig.pywa.send_template, rig.to, "salam", TemplateLanguage.INDONESIAN, params=[FILLED])
    await rig.settled()

    assert (told.new_status, told.template_id) == (TemplateStatus.APPROVED, created.id)
    statuses = rig.receiver.of(MessageStatus)
    assert len(statuses) == 3
    assert statuses[0].pricing is not None
    assert statuses[0].pricing.category == "utility"
    [listed] = await rig.call(rig.pywa.get_templates)
    assert (listed.id, listed.status) == (created.id, TemplateStatus.APPROVED)


async def test_what_is_missing_in_a_template_is_said() -> None:
    """132001 not approved, 132000 too few parameters, 132015 paused."""
    async with open_rig(msgspec.structs.replace(AT_ONCE, review="PENDING")) as rig:
        await _say_what_is_missing(rig)


async def _say_what_is_missing(rig: Rig) -> None:
    created = await rig.call(rig.pywa.create_template, SALAM)
    language = TemplateLanguage.INDONESIAN
    with pytest.raises(errors.TemplateNotExists):
        await rig.call(rig.pywa.send_template, rig.to, "salam", language, params=[FILLED])
    rig.graph.judge(rig.graph.world.templates[created.id], "APPROVED")

    with pytest.raises(errors.TemplateParamCountMismatch):
        await rig.call(
            rig.pywa.send_template,
            rig.to,
            "salam",
            language,
            params=[{"type": "body", "parameters": FILLED["parameters"][:1]}],
        )
    rig.graph.judge(rig.graph.world.templates[created.id], "PAUSED")
    with pytest.raises(errors.TemplatePaused):
        await rig.call(rig.pywa.send_template, rig.to, "salam", language, params=[FILLED])


async def test_a_refused_template_says_why() -> None:
    """REJECTED with a reason, in the webhook and in the list."""
    async with open_rig(msgspec.structs.replace(AT_ONCE, review="REJECTED")) as rig:
        await rig.call(rig.pywa.create_template, SALAM)
        await rig.settled()

        [told] = rig.receiver.of(TemplateStatusUpdate)
        assert (told.new_status, told.reason) == (TemplateStatus.REJECTED, "INVALID_FORMAT")
        await rig.call(rig.pywa.delete_template, "salam")
        assert rig.graph.world.templates == {}
