"""Checks requests, answers and events against Stripe's OpenAPI description. No rules of ours are in it.

The description is Stripe's own, under the MIT licence: tests/contract/stripe, made by reduce_description.py.
"""

import functools
import json
import re
import sys
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from .decoders import Pairs, decoded

Schema = dict[str, Any]
OURS = Path(__file__).parent / "stripe"
REF = "#/components/schemas/"
# Keywords of the description beside the type that JSON Schema understands unchanged.
KEPT = ("type", "maxLength", "minLength", "pattern", "required", "enum")


class ContractError(AssertionError):
    """Something does not fit Stripe's description; the message lists where."""


class Contract:
    """One description. Its schemas are translated when the first is needed, and kept."""

    def __init__(self, folder: Path) -> None:
        self.spec = json.loads((folder / "spec.json").read_text())
        self.event_objects: dict[str, str | None] = json.loads((folder / "events.json").read_text())["events"]
        self.version: str = self.spec["info"]["version"]
        self._paths = [(_pattern(path), path) for path in sorted(self.spec["paths"], key=lambda each: "{" in each)]

    def check_request(self, method: str, path: str, form_or_query: Pairs) -> dict[str, Any]:
        """The parameters as plain values. Raises ContractError, also for names that Stripe does not know."""
        schema = self._parameters(method.lower(), self._template(method, path))
        values, faults = decoded(form_or_query, schema, self._resolved)
        faults += self._faults(values, translated(schema, answer=False), f"{method} {path}")
        _raise(faults)
        return values

    def check_response(self, method: str, path: str, status: int, body: Any) -> None:
        """Raises ContractError; an answer may hold no field that Stripe does not have."""
        template = self._template(method, path)
        if status >= 400:
            schema: Schema = {"$ref": f"{REF}error"}
        else:
            responses = self.spec["paths"][template][method.lower()]["responses"]
            schema = responses[str(status)]["content"]["application/json"]["schema"]
        _raise(self._faults(body, translated(schema, answer=True), f"{method} {path} {status}"))

    def check_event(self, event: dict[str, Any]) -> None:
        """The event itself and the object in it. Raises ContractError."""
        where = f"event {event.get('type')}"
        _raise(self._faults(event, translated({"$ref": f"{REF}event"}, answer=True), where))
        if event["type"] not in self.event_objects:
            raise ContractError(f"{where}: no such type")
        subject, expected = event["data"]["object"], self.event_objects[event["type"]]
        if expected is None:
            return
        if subject.get("object") != expected:
            raise ContractError(f"{where}: carries {subject.get('object')!r} instead of {expected!r}")
        _raise(self._faults(subject, translated({"$ref": REF + expected}, answer=True), where))

    def check_log(self, entries: Iterable[dict[str, Any]]) -> int:
        """The entries of `/sandbox/requests`. Answers how many; raises ContractError naming all faults."""
        faults, count = [], 0
        for entry in entries:
            count += 1
            sent = [(name, value) for name, value in [*entry["query"], *entry["form"]]]
            version = entry["headers"].get("Stripe-Version")
            if version != self.version:
                faults.append(f"{entry['method']} {entry['path']}: Stripe-Version is {version}, not {self.version}")
            try:
                self.check_request(entry["method"], entry["path"], sent)
            except ContractError as error:
                faults.append(str(error))
        _raise(faults)
        return count

    def _template(self, method: str, path: str) -> str:
        for pattern, template in self._paths:
            if pattern.fullmatch(path) and method.lower() in self.spec["paths"][template]:
                return template
        raise ContractError(f"{method} {path}: Stripe has no such operation")

    def _parameters(self, method: str, template: str) -> Schema:
        operation = self.spec["paths"][template][method]
        if method == "post":
            content = operation.get("requestBody", {}).get("content", {})
            schema: Schema = content.get("application/x-www-form-urlencoded", {}).get("schema", {"type": "object"})
            return {"properties": {}, **schema}
        asked = [each for each in operation.get("parameters", []) if each["in"] == "query"]
        return {
            "type": "object",
            "properties": {each["name"]: each["schema"] for each in asked},
            "required": [each["name"] for each in asked if each.get("required")],
        }

    def _resolved(self, schema: Schema) -> Schema:
        return self.spec["components"]["schemas"][schema["$ref"].removeprefix(REF)] if "$ref" in schema else schema

    @functools.cached_property
    def _registry(self) -> Registry[Any]:
        """All schemas, crawled once: done while validating, it would be done for each reference again."""
        schemas = self.spec["components"]["schemas"]
        resources = (
            (f"stripe:{name}", Resource(translated(schema, answer=True), DRAFT202012))
            for name, schema in schemas.items()
        )
        return Registry().with_resources(resources).crawl()

    def _faults(self, value: Any, schema: Schema, where: str) -> list[str]:
        errors = Draft202012Validator(schema, registry=self._registry).iter_errors(value)
        return [f"{where}: {line}" for error in errors for line in _told(error)]


@functools.cache
def load(folder: str) -> Contract:
    """The description in a folder, read once."""
    return Contract(Path(folder))


def translated(schema: Schema, *, answer: bool) -> Schema:
    """OpenAPI 3.0 as JSON Schema. Objects are closed: what is not described does not exist.

    An enum marked `x-stripeBypassValidation` is open in answers, where Stripe may add to it, and closed in requests.
    """
    if "$ref" in schema:
        return {"$ref": "stripe:" + schema["$ref"].removeprefix(REF)}
    result = {name: schema[name] for name in KEPT if name in schema}
    if answer and schema.get("x-stripeBypassValidation"):
        result.pop("enum", None)
    if "properties" in schema:
        result["properties"] = {name: translated(each, answer=answer) for name, each in schema["properties"].items()}
    if isinstance(schema.get("additionalProperties"), dict):
        result["additionalProperties"] = translated(schema["additionalProperties"], answer=answer)
    elif schema.get("properties") and not schema.get("x-stub"):
        result["additionalProperties"] = False
    if "items" in schema:
        result["items"] = translated(schema["items"], answer=answer)
    if "anyOf" in schema:
        result["anyOf"] = [translated(each, answer=answer) for each in schema["anyOf"]]
    return _or_null(result) if schema.get("nullable") else result


def _or_null(schema: Schema) -> Schema:
    if "anyOf" in schema:
        return {**schema, "anyOf": [*schema["anyOf"], {"type": "null"}]}
    if "type" in schema:
        nullable = {**schema, "type": [schema["type"], "null"]}
        return {**nullable, "enum": [*schema["enum"], None]} if "enum" in schema else nullable
    return schema


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path)))


def _told(error: ValidationError) -> list[str]:
    """What is wrong, and where; of an anyOf the branch that came nearest, which is the one that got deepest."""
    if error.context:
        branches: dict[Any, list[ValidationError]] = {}
        for each in error.context:
            branches.setdefault(each.schema_path[0], []).append(each)
        nearest = min(branches.values(), key=lambda faults: (any(not each.path for each in faults), len(faults)))
        return [line for each in nearest for line in _told(each)]
    place = "".join(f"[{part!r}]" for part in error.absolute_path) or "(top)"
    return [f"{place}: {error.message[:300]}"]


def _raise(faults: list[str]) -> None:
    if faults:
        raise ContractError("\n".join(faults))


def main(folder: str, sandbox_url: str) -> None:
    """Check everything that was sent to a running sandbox."""
    with urllib.request.urlopen(f"{sandbox_url}/sandbox/requests") as answer:
        entries = json.load(answer)["requests"]
    sys.stdout.write(f"{load(folder).check_log(entries)} requests fit {load(folder).version}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
