"""How the simulated network behaves when nothing is scripted: delays, pairing times, what it remembers."""

from typing import TypeAlias

import msgspec

Range: TypeAlias = tuple[int, int]
"""From and to, in milliseconds; a delay is drawn evenly between."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The network's settings; the `[network]` table of a script (`script.load_script`) changes them."""

    ack_ms: Range = (20, 120)
    """From the hand-over to the acknowledgement."""
    delivered_ms: Range = (200, 1_500)
    """From the acknowledgement to the recipient's phone, when that is online."""
    read_ms: Range = (1_500, 8_000)
    """From delivered to read, by a person who reads by themselves."""
    scale: float = 1.0
    """Every delay above is multiplied by this; 0: no waiting at all."""
    seed: int | None = None
    """Of all draws; None: another one at each start."""
    reply_window: bool = False
    """A device of the official API may write freely for 24 hours after somebody wrote; later only templates go."""
    one_session: bool = True
    """A newer login of a device ends the older one ("replaced"), as WhatsApp does."""
    strangers: bool = True
    """Numbers that nobody added are on WhatsApp, online, and read what they get."""
    fsync: bool = False
    """Sync the journal to disk at each line. Without it a killed process loses nothing, a power cut may."""
    qr_ms: tuple[int, ...] = (60_000, 20_000, 20_000, 20_000, 20_000, 20_000)
    """How long each QR code of one pairing is valid, one after the other."""
    code_ms: int = 160_000
    """How long a pairing code is valid."""
    window: int = 64
    """Events on their way to one device that it has not confirmed yet; more wait in the network."""
    remember: int = 20_000
    """References kept per device to recognise a repeat; also messages waiting for one person."""
    roll_bytes: int = 64_000_000
    """A journal longer than this is set aside at the next start, and a new one begins with what it says."""
    keep_journals: int = 3
    """So many that were set aside are kept."""
