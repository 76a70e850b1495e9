"""Templates as the API shows them."""

from merpati.api.v1.shapes import Answer, Instant, instant
from merpati.transports.templates import TemplateKept, TemplateReading


class TemplateButtonAnswer(Answer, frozen=True, kw_only=True):
    """A button below a template. `kind` is Meta's word; the `url` of one may end in a blank, `{{1}}`."""

    kind: str
    text: str
    url: str


class TemplateAnswer(Answer, frozen=True, kw_only=True):
    """A message template. Its texts hold blanks, `{{1}}` or, where it is `named`, `{{name}}`.

    `category` is what Meta asks money by, `status` is Meta's word (`APPROVED` …), `reason` why it was rejected.
    `header_kind`: `text`, `image`, `video`, `document`, `location`; empty: it has none. `unfillable`: Meta's word
    for a part that cannot be filled in here (`carousel`, `flow` …), empty: there is none. `sendable`: approved, and
    all of it can be filled in.
    """

    name: str
    language: str
    category: str
    status: str
    reason: str
    header: str
    header_kind: str
    body: str
    footer: str
    buttons: list[TemplateButtonAnswer]
    named: bool
    unfillable: str
    sendable: bool


class TemplatesAnswer(Answer, frozen=True, kw_only=True):
    """The templates of a number's WhatsApp Business account, by name and language, as they were read from Meta."""

    read_at: Instant
    items: list[TemplateAnswer]


def show_templates(reading: TemplateReading) -> TemplatesAnswer:
    return TemplatesAnswer(read_at=instant(reading.read_at), items=[_show(each) for each in reading.templates])


def _show(kept: TemplateKept) -> TemplateAnswer:
    return TemplateAnswer(
        name=kept.name,
        language=kept.language,
        category=kept.category,
        status=kept.status,
        reason=kept.reason,
        header=kept.header,
        header_kind=kept.header_kind,
        body=kept.body,
        footer=kept.footer,
        buttons=[TemplateButtonAnswer(kind=each.kind, text=each.text, url=each.url) for each in kept.buttons],
        named=kept.named,
        unfillable=kept.unfillable,
        sendable=kept.is_sendable,
    )
