"""What a line says, as the JSON that is sealed with it: made from a file, opened again, and merged with a later file's
version of the same line. Merging loses nothing: the current values replace the earlier ones, which are kept beside
them."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from json.encoder import encode_basestring as quoted
from typing import Any

from donations import privacy
from donations.data_keys.offline import is_sealed_offline, unlocked
from donations.errors import BadSeal
from donations.reconciliation.readers import ReadLine

MAX_EARLIER, MAX_PARTS = 10, 20_000
_WORD = re.compile(r"\w+")
Details = dict[str, Any]


def made(line: ReadLine) -> str:
    """JSON, made by hand: this runs for every line of a file."""
    return (
        f'{{"name":{quoted(line.name)},"account":{quoted(line.account)},"text":{quoted(line.text)}'
        f',"native_id":{quoted(line.native_id)}}}'
    )


def identity(line_id: int) -> str:
    """The identity under which the details of a line are sealed."""
    return f"bank_line:{line_id}:details"


def opened(sealed: bytes | None, sealed_as: str) -> Details:
    """Name, account, text and native id of the other side; `earlier`, what the bank called it before; `parts`, the
    payments of a collective entry. Empty if it was erased or its key is lost."""
    if sealed is None:
        return {}
    try:
        said: Details = json.loads(privacy.unseal(bytes(sealed), sealed_as))
    except BadSeal:
        return {}
    return said


def is_locked(sealed: bytes | None) -> bool:
    """Whether the text of a line is under the offline key, which is locked."""
    return is_sealed_offline(sealed) and not unlocked()


def all_text(said: Mapping[str, Any]) -> str:
    """Every word by which a line may be found, but for the name of the other side: its text, its earlier text, and who
    paid the parts of a collective entry."""
    parts = [str(part.get(word, "")) for part in said.get("parts", ()) for word in ("name", "text")]
    return " ".join(filter(None, [str(said.get("text", "")), *map(str, said.get("earlier", ())), *parts]))


def words(said: Mapping[str, Any]) -> frozenset[str]:
    """The words of a line, folded, with the other side's account as one of them."""
    text = f"{said.get('name', '')} {all_text(said)}"
    found = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    account = str(said.get("account", "")).replace(" ", "").casefold()
    return frozenset(word for word in (*found, account) if len(word) > 1)


def is_same_party(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two lines name the same other side, or one says no more than the other. Some formats have no place for a
    name but the text."""
    before, after = words(one), words(other)
    named = [(words({"name": said.get("name", "")}), there) for said, there in ((one, after), (other, before))]
    return before <= after or after <= before or any(party and party <= there for party, there in named)


def folded(said: Mapping[str, Any]) -> tuple[str, ...]:
    """What a line says, but for its number at the bank."""
    return tuple(
        unicodedata.normalize("NFKC", str(said.get(word, ""))).casefold() for word in ("name", "account", "text")
    )


def of_line(line: ReadLine) -> Details:
    return {"name": line.name, "account": line.account, "text": line.text, "native_id": line.native_id}


def joined(before: Details, now: Details) -> Details:
    """The merged text when a file repeats a line: the new words, and beside them any old words they lack."""
    after: Details = {**before}
    for word in ("name", "account", "native_id"):
        after[word] = now.get(word) or before.get(word, "")
    old, new = str(before.get("text", "")), str(now.get("text", ""))
    after["text"] = new if words({"text": new}) >= words({"text": old}) else old
    lost = [
        text
        for text in (str(before.get("name", "")), old, new)
        if not words({"text": text}) <= words({**after, "earlier": [*after.get("earlier", ()), after["name"]]})
    ]
    if lost:
        if old in lost or new in lost:  # Neither contains the other: the older one is kept beside the newer.
            after["text"], lost = new or old, [text for text in (*lost, old) if text and text != new]
        after["earlier"] = list(dict.fromkeys([*after.get("earlier", ()), *lost]))[-MAX_EARLIER:]
    return after


def with_part(before: Details, part: ReadLine) -> Details:
    """A collective entry, and one of the payments in it."""
    added = {**of_line(part), "amount_minor": part.amount.minor}
    known = list(before.get("parts", ()))
    return {**before, "parts": [*known, added][:MAX_PARTS]} if added not in known else before


def sealed_json(said: Details) -> str:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))
