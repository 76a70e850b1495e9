"""Words for people: both languages say everything, with the same blanks."""

import json
import re
from pathlib import Path
from string import Formatter

import pytest

from merpati.core.errors import Code
from merpati.locale import LANGUAGES, sentence, words

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "src" / "merpati" / "locale"


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    """A sentence that exists in one language exists in the other."""
    assert set(words("id")) ^ set(words("en")) == set()


def test_both_languages_fill_the_same_blanks() -> None:
    """No value is shown in one language only."""
    differing = [key for key in words("id") if blanks(words("id")[key]) != blanks(words("en")[key])]
    assert differing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_a_sentence(language: str) -> None:
    """Each code, and nothing else, has its words under `error.<code>`."""
    assert {key for key in words(language) if key.startswith("error.")} == {f"error.{code}" for code in Code}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_is_sorted_and_says_each_key_once(language: str) -> None:
    """Sorted keys keep two changes apart; a key said twice would hide one of its sentences."""
    text = (FOLDER / f"{language}.json").read_text(encoding="utf-8")
    keys = [key for key, _ in json.loads(text, object_pairs_hook=list)]
    assert keys == sorted(set(keys))
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2) + "\n"


def test_a_blank_without_a_value_is_still_said() -> None:
    """A refusal that forgot a value does not become a fault."""
    assert sentence("error.file_too_large", "id") == "Berkasnya terlalu besar: paling banyak … MB."
    assert sentence("error.file_too_large", "en", limit_mb=10) == "The file is too large: at most 10 MB."


def test_pages_say_each_of_their_sentences() -> None:
    """A sentence under `ui.` that no page says is dead; one that nobody wrote fails the type check of the pages."""
    sources = sorted(each for each in (ROOT / "ui" / "src").rglob("*") if each.suffix in {".ts", ".svelte"})
    text = "\n".join(each.read_text(encoding="utf-8") for each in sources)
    keys = [key for key in words("id") if key.startswith("ui.")]
    built = tuple(found[1] for found in re.finditer(r"`(ui\.[a-z_.]+)\$\{", text))
    counted = {key: key.removesuffix(".one").removesuffix(".other") for key in keys}
    said = {key for key in keys if f'"{key}"' in text or f'"{counted[key]}"' in text or key.startswith(built)}
    assert [key for key in keys if key not in said] == []
