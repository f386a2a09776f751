"""Where settings come from: the environment of the process, and beneath it one .env file, chosen once by the process
that a person starts. What a setting means, and whether its value is good, is not known here."""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from dotenv.parser import parse_stream

from donations.errors import BadSetting

# Set for the processes that we start: they get every value from us and look for no file. It names the file we read.
HANDED_DOWN = "FIGHTING_FUND_SETTINGS_FROM"
OF_UPDATES = ("MIGRATION_DATABASE_URL", "MIGRATION_DATABASE_URL_FILE")
_LIKENESS, _LIKENESS_ELSEWHERE = 0.7, 0.86


@dataclass(frozen=True, slots=True)
class Source:
    """`values`: everything that is set, by name. `file`: the .env file beneath the environment, if there is one.
    `overridden`: names that the file sets and the environment sets otherwise. `warnings`: lines of the file that say
    nothing to us."""

    values: Mapping[str, str] = field(repr=False)
    file: Path | None = None
    overridden: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def handed_down(self) -> dict[str, str]:
        """The environment of a process that we start: it reads no file, whatever folder it runs in. What may change
        tables is not for it."""
        kept = {name: value for name, value in self.values.items() if name not in OF_UPDATES}
        return {**kept, HANDED_DOWN: str(self.file or "")}

    def described(self) -> str:
        """Which file it is, for a person."""
        if self.file is None:
            return "settings from the environment"
        instead = f" (from the environment instead: {', '.join(self.overridden)})" if self.overridden else ""
        return f"settings from {self.file}{instead}"


def read(chosen: Path | None, folders: Iterable[Path], names: Iterable[str]) -> Source:
    """The environment, and beneath it the chosen file or, if none was, the .env of the first folder that has one. What
    the environment says wins, even where it says it is empty. Raises BadSetting if the file cannot be read."""
    environ = dict(os.environ)
    if HANDED_DOWN in environ:
        said = environ[HANDED_DOWN]
        return Source(environ, Path(said) if said else None)
    file = chosen or next((folder / ".env" for folder in folders if (folder / ".env").exists()), None)
    if file is None:
        return Source(environ, warnings=tuple(_misspelt(environ, set(names))))
    written, warnings = _parsed(file, set(names))
    told = {name.removesuffix("_FILE") for name in environ}
    beneath = {name: value for name, value in written.items() if name.removesuffix("_FILE") not in told}
    overridden = [name for name, value in written.items() if name in names and environ.get(name, value) != value]
    return Source(
        {**beneath, **environ},
        file.absolute(),
        tuple(overridden),
        (*warnings, *_misspelt(environ, set(names))),
    )


def _parsed(file: Path, names: set[str]) -> tuple[dict[str, str], list[str]]:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = f"cannot be read ({getattr(error, 'strerror', None) or 'it is not UTF-8 text'})"
        raise BadSetting(setting=file, fault=fault, fix="Correct the file, or let this user read it") from error
    values: dict[str, str] = {}
    warnings: list[str] = []
    for binding in parse_stream(io.StringIO(text)):
        line = binding.original.line
        if binding.error or (binding.key is not None and binding.value is None):
            warnings.append(f"line {line} sets nothing. Use the form NAME=value")
        elif binding.key is not None:
            values[binding.key] = binding.value or ""
            if binding.key not in names:
                warnings.append(f"line {line} sets {binding.key}, {_meant(binding.key, names)}")
    counted = Counter(binding.key for binding in parse_stream(io.StringIO(text)) if binding.key)
    warnings += [f"{name} is set {times} times. Only the last one counts" for name, times in counted.items()
                 if times > 1]  # fmt: skip
    return values, warnings


def _meant(name: str, names: set[str]) -> str:
    near = get_close_matches(name, names, 1, _LIKENESS)
    return f"which is not a setting. Did you mean {near[0]}?" if near else "which is not a setting. Remove the line"


def _misspelt(environ: Mapping[str, str], names: set[str]) -> list[str]:
    """Names in the environment that are nearly ours. Most of it belongs to other programs, so only a wrong letter or
    two counts."""
    faults = []
    for name in sorted(set(environ) - names):
        near = get_close_matches(name, names, 1, _LIKENESS_ELSEWHERE)
        if near and near[0] not in environ:
            faults.append(f"the environment sets {name}, which is not a setting. Did you mean {near[0]}?")
    return faults
