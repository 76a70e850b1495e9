"""The HTML of the one-time link's page. Pure."""

import base64
import hashlib
from html import escape

import msgspec

from merpati.accounts.passwords import LONGEST, SHORTEST
from merpati.core.errors import Code, Refusal
from merpati.locale import LANGUAGES, sentence

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1.05rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 8vh auto; padding: 0 1rem; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input { font: inherit; width: 100%; box-sizing: border-box; padding: .6rem; border: 1px solid GrayText;
  border-radius: .4rem; }
button { font: inherit; font-weight: 600; margin-top: 1.5rem; padding: .7rem 1.2rem; border: 0;
  border-radius: .4rem; background: #0a6c4a; color: #fff; }
:focus-visible { outline: 3px solid #2b7fff; outline-offset: 2px; }
small { display: block; }
code { overflow-wrap: anywhere; }
[role=alert] { border-left: .3rem solid #c0262d; padding: .5rem .8rem; }
nav { margin-top: 2.5rem; }
"""


def style_source() -> str:
    """What a content security policy calls this style, so that no other one applies."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'"


class Filled(msgspec.Struct, frozen=True):
    """What was typed, and why it was refused."""

    email: str = ""
    password: str = ""
    refusal: Refusal | None = None


def draw_form(language: str, filled: Filled) -> str:
    """The form, with what was typed (but a password), and what is wrong with it beside the field."""
    field, alert = _fault(language, filled.refusal)
    body = f"""<h1>{_say(language, "title")}</h1>
<p>{_say(language, "intro")}</p>
{f'<p role="alert" id="fault">{alert}</p>' if alert else ""}
<form method="post">
<label for="email">{_say(language, "email")}</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254"
 value="{escape(filled.email)}"{_marked(field == "email")}>
<label for="password">{_say(language, "password")}</label>
<input id="password" name="password" type="password" autocomplete="new-password" required
 minlength="{SHORTEST}" maxlength="{LONGEST}"{_marked(field == "password", "password-hint")}>
<small id="password-hint">{_say(language, "password_hint", fewest=SHORTEST)}</small>
<button>{_say(language, "create")}</button>
</form>"""
    return _whole(language, body, other_languages=True)


def _fault(language: str, refusal: Refusal | None) -> tuple[str, str]:
    """The field concerned, and the sentence."""
    if refusal is None:
        return "", ""
    if refusal.code is Code.INPUT_INVALID:
        field = str(refusal.values.get("field", ""))
        return field, _say(language, f"bad_{field}")
    field = "email" if refusal.code is Code.EMAIL_TAKEN else ""
    return field, escape(sentence(f"error.{refusal.code}", language, **refusal.values))


def _marked(wrong: bool, hint: str = "") -> str:
    described = " ".join(each for each in (hint, "fault" if wrong else "") if each)
    marks = f' aria-describedby="{described}"' if described else ""
    return marks + (' aria-invalid="true"' if wrong else "")


def draw_done(language: str, email: str, account_token: str) -> str:
    """Who was created, and the token, which is never shown here again."""
    body = f"""<h1>{_say(language, "done")}</h1>
<p>{_say(language, "done_email", email=email)}</p>
<p>{_say(language, "done_token")}</p>
<p><code>{escape(account_token)}</code></p>
<p>{_say(language, "done_next")}</p>"""
    return _whole(language, body)


def draw_gone(language: str) -> str:
    """The link does not work (any more)."""
    body = f"""<h1>{_say(language, "gone")}</h1>
<p>{escape(sentence(f"error.{Code.INVITATION_INVALID}", language))}</p>
<p>{_say(language, "gone_next")}</p>"""
    return _whole(language, body, other_languages=True)


def _say(language: str, key: str, **values: object) -> str:
    return escape(sentence(f"setup.{key}", language, **values))


def _whole(language: str, body: str, *, other_languages: bool = False) -> str:
    links = " ".join(
        f'<a href="?lang={other}" lang="{other}" hreflang="{other}">{escape(sentence("setup.language", other))}</a>'
        for other in LANGUAGES
        if other != language
    )
    return f"""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>merpati</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
{body}
</main>
{f"<nav>{links}</nav>" if other_languages else ""}
</body>
</html>
"""
