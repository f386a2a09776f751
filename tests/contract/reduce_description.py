"""Makes tests/contract/stripe out of a folder with Stripe's whole description: the paths that the app and the sandbox
know, the schemas these lead to, and no prose. `python -m tests.contract.reduce_description FOLDER`, after PATHS or the
version of Stripe's API has changed."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .openapi import OURS, REF

# What stands at the beginning of an address.
PATHS = re.compile(
    r"/v1/(?:account|balance|balance_transactions|charges|checkout/sessions|customers|disputes|events|payment_intents"
    r"|payouts|prices|products|radar/early_fraud_warnings|refunds|webhook_endpoints)(?:/(?!search)|$)"
)
# What the tests hold answers against without an address.
SCHEMAS = ("event", "error")
FIXTURES = ("balance", "customer", "event", "payout", "product")
PROSE = frozenset({"description", "operationId", "summary", "title", "x-resourceId", "x-expansionResources"})
NAMED = ("properties", "schemas", "paths")  # below these a key is a name, never prose


def main(folder: str) -> None:
    whole = Path(folder)
    spec = json.loads((whole / "spec.json").read_text(encoding="utf-8"))
    events = json.loads((whole / "events.json").read_text(encoding="utf-8"))
    OURS.mkdir(exist_ok=True)
    _write_lines(OURS / "spec.json", reduced(spec))
    (OURS / "events.json").write_text(json.dumps({"events": events["events"]}, indent=0) + "\n", encoding="utf-8")
    fixtures = json.loads((whole / "fixtures.json").read_text(encoding="utf-8"))["resources"]
    kept = {"resources": {name: fixtures[name] for name in FIXTURES}}
    (OURS / "fixtures.json").write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    shutil.copyfile(whole / "LICENSE", OURS / "LICENSE")


def reduced(spec: dict[str, Any]) -> dict[str, Any]:
    """The paths of PATHS and every schema that these lead to, without prose."""
    schemas = spec["components"]["schemas"]
    paths = {path: _plain(spec["paths"][path]) for path in sorted(spec["paths"]) if PATHS.match(path)}
    wanted, found = {*SCHEMAS, *_led_to(paths)}, {}
    while wanted - found.keys():
        name = min(wanted - found.keys())
        found[name] = _plain(schemas[name])
        wanted |= set(_led_to(found[name]))
    return {
        "openapi": spec["openapi"], "info": {"version": spec["info"]["version"]}, "paths": paths,
        "components": {"schemas": {name: found[name] for name in sorted(found)}},
    }  # fmt: skip


def _led_to(part: Any) -> Iterator[str]:
    return (name for name in re.findall(rf'"{REF}([^"]+)"', json.dumps(part)))


def _plain(part: Any, named: bool = False) -> Any:
    if isinstance(part, dict):
        return {key: _plain(value, key in NAMED) for key, value in part.items() if named or key not in PROSE}
    return [_plain(value) for value in part] if isinstance(part, list) else part


def _write_lines(file: Path, spec: dict[str, Any]) -> None:
    """One path or schema a line, so that a change of Stripe's can be read."""
    parts = []
    for name, what in (("paths", spec["paths"]), ("schemas", spec["components"]["schemas"])):
        lines = ",\n".join(
            f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in what.items()
        )
        parts.append((name, lines))
    head = json.dumps({"openapi": spec["openapi"], "info": spec["info"]})[:-1]
    text = f'{head},\n"paths": {{\n{parts[0][1]}\n}},\n"components": {{"schemas": {{\n{parts[1][1]}\n}}}}}}\n'
    assert json.loads(text) == spec
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
