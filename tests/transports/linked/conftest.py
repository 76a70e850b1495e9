"""The cases with the real library need it, and the fake WhatsApp with what that needs; else they are left out."""

import importlib.util

NEEDED = ("neonize", "pyaileys", "merpati.fakes.whatsapp")
missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
collect_ignore = (
    ["test_conformance.py", "test_contents.py", "test_crash.py", "test_journey.py", "test_states.py"]
    if missing
    else []
)


def pytest_report_header() -> str | None:
    return f"linked devices without the real library: {', '.join(missing)} not there" if missing else None
