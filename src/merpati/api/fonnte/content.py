"""What one element of a call sends. Pure.

Source: Fonnte docs, API send message: `message` is the caption of an attachment and the question of a poll. Where
an element has several kinds of content, an attachment comes before a poll, a poll before a location, and the
text goes with it: nothing that Fonnte would send is dropped.
"""

from collections.abc import Callable, Mapping

import msgspec

from merpati.api.fonnte.buttons import menu_text
from merpati.api.fonnte.menus import menu_of
from merpati.api.fonnte.params import SendParams, Table
from merpati.core.address import is_group
from merpati.core.clock import DAY_MS, SECOND_MS
from merpati.core.errors import Code, Refusal
from merpati.core.ids import Address, WaId
from merpati.messages.model import Media, Note, Options
from merpati.messages.planning import MOST_TEXT
from merpati.transports.cards import Contacts, Edit, Reaction, Revoke
from merpati.transports.interactive import Buttons, LinkButton, ListMenu, Template, file_of
from merpati.transports.limits import Alone, check_alone, check_file
from merpati.transports.port import Capabilities, Content, Location, MediaKind, Poll, Text
from merpati.transports.port import Media as MediaContent

FURTHEST_SCHEDULE_MS = 3_653 * DAY_MS


def build_content(params: SendParams, media: Media | None, *, interactive: bool) -> Content:
    """The content of an element; `interactive`: where it goes, buttons are shown.

    Raises `Refusal` (CONTENT_MISSING, TEXT_TOO_LONG, JSON_INVALID; of what stands alone, what `check_alone`
    raises).
    """
    if params.given is not None:
        alone = _with_file(params.given, media)
        check_alone(alone)
        return alone
    if interactive and media is None and (menu := menu_of(params)) is not None:
        return menu
    text = full_text(params)
    if media is not None:
        return _file(media, text)
    if params.choices:
        return Poll(
            question=_needed(text or params.pollname),
            choices=params.choices,
            several=params.several,
            name=params.pollname,
        )
    if params.location is not None:
        latitude, longitude = params.location
        return Location(latitude=latitude, longitude=longitude, caption=text)
    return Text(body=_needed(text), preview=params.preview, secret=params.secret)


def _with_file(alone: Alone, media: Media | None) -> Alone:
    """A file stands above a template; nothing else that stands alone has one."""
    if media is None or not isinstance(alone, Template):
        return alone
    if alone.attached is not None:
        raise Refusal(Code.TEMPLATE_ONE_HEADER, field="location")
    return msgspec.structs.replace(alone, attached=_file(media, ""))


def _file(media: Media, caption: str) -> MediaContent:
    return MediaContent(
        kind=MediaKind(media.kind),
        path=media.path,
        mime=media.mime,
        size_bytes=media.size_bytes,
        filename=media.filename,
        caption=caption,
    )


def _needed(text: str) -> str:
    if not text.strip():
        raise Refusal(Code.CONTENT_MISSING, field="message")
    return text


def full_text(params: SendParams) -> str:
    """The message, and below it the text of buttons, template and list."""
    menus = map(menu_text, _menus(params))
    text = "\n\n".join(filter(None, (params.message, *menus)))
    if len(text) > MOST_TEXT:
        raise Refusal(Code.TEXT_TOO_LONG, most=MOST_TEXT)
    return text


def _menus(params: SendParams) -> list[Table]:
    return [menu for menu in (params.button, params.template, params.list_) if menu]


def build_options(params: SendParams, content: Content, reply_to: WaId | None) -> Options:
    """How the element, whose content this is, is handed over."""
    is_shown = isinstance(content, Buttons | ListMenu | LinkButton)
    return Options(
        typing_ms=params.duration_s * SECOND_MS if params.typing else 0,
        reply_to=reply_to,
        notes=(Note.BUTTONS_NOT_SENT,) if _menus(params) and not is_shown else (),
    )


def schedule_at(params: SendParams, now: int) -> int | None:
    """When it is scheduled, in milliseconds; raises `Refusal(SCHEDULE_INVALID)` for more than ten years ahead."""
    if params.schedule_s == 0:
        return None
    at = params.schedule_s * SECOND_MS
    if at > now + FURTHEST_SCHEDULE_MS:
        raise Refusal(Code.SCHEDULE_INVALID, field="schedule")
    return at


def check_supported(content: Content, options: Options, caps: Capabilities) -> None:
    """What this transport cannot do, or takes no such amount of, is refused here, before anything is queued; raises
    `Refusal` (UNSUPPORTED and its like; of texts and files what `check_file` raises)."""
    able, code = _ABLE[type(content)]
    if not able(caps):
        raise Refusal(code, what=type(content).__name__.lower())
    if isinstance(content, Text) and len(content.body) > caps.max_text:
        raise Refusal(Code.TEXT_TOO_LONG, field="message", most=caps.max_text)
    if (file := file_of(content)) is not None:
        check_file(caps.files, file.kind, file.mime, file.size_bytes, file.caption)
    if options.reply_to is not None and not caps.reply:
        raise Refusal(Code.UNSUPPORTED, what="reply")


def check_group(chat: Address, caps: Capabilities) -> None:
    """Raises `Refusal(GROUP_UNSUPPORTED)` for a group, where this transport has none."""
    if not caps.groups and is_group(chat):
        raise Refusal(Code.GROUP_UNSUPPORTED, field="targets", target=chat)


def words_taken(content: Content, caps: Capabilities) -> int:
    """Characters of the one text of it that this transport takes."""
    if isinstance(content, MediaContent) and content.kind in caps.files:
        return caps.files[content.kind].max_caption
    return caps.max_text


_ABLE: Mapping[type[Content], tuple[Callable[[Capabilities], bool], Code]] = {
    Text: (lambda _: True, Code.UNSUPPORTED),
    MediaContent: (lambda caps: caps.media, Code.UNSUPPORTED),
    Location: (lambda caps: caps.location, Code.UNSUPPORTED),
    Poll: (lambda caps: caps.poll, Code.POLL_UNSUPPORTED),
    **dict.fromkeys((Buttons, ListMenu, LinkButton), (lambda caps: caps.interactive, Code.INTERACTIVE_UNSUPPORTED)),
    Template: (lambda caps: caps.template, Code.TEMPLATE_UNSUPPORTED),
    Contacts: (lambda caps: caps.contact, Code.CONTACT_UNSUPPORTED),
    Reaction: (lambda caps: caps.reaction, Code.REACTION_UNSUPPORTED),
    Edit: (lambda caps: caps.edit_ms > 0, Code.CHANGE_UNSUPPORTED),
    Revoke: (lambda caps: caps.revoke_ms > 0, Code.CHANGE_UNSUPPORTED),
}
"""What a content needs, and the code that says it is not there."""
