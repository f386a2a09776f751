"""The step of the tour in which an appeal's wording changes while donated money is in its funds: the earlier donation
keeps what its donor was told, and the page at the end of the appeal shows both."""

from __future__ import annotations

import json
from collections.abc import Callable

from donations.cli.stage import visitor as web
from donations.cli.stage.processes import APPEALS
from donations.cli.tour.card_donations import GOOD
from donations.cli.tour.journey import Journey
from donations.models import Appeal
from donations.reconciliation import appeal_wind_down

APPEAL, FUND = "hands-off-ali", "ali"
THEN, NOW = "goes to the others held at Sakharovo.", "goes to the lawyers of the others held."
Given = dict[int, tuple[int, int]]


def _a_new_wording(journey: Journey) -> str:
    """The wording of an appeal changes while money lies in its funds: one donation before, one after"""
    page = web.get(f"{journey.stage.url}/appeals/{APPEAL}").text
    was_said = "keep the earlier wording" in page
    _give(journey)
    before = _given(journey)
    old = max(before)
    # A file with another wording is refused, and loaded with a reason.
    text = APPEALS.read_text(encoding="utf-8")
    assert THEN in text, "the file of the demo says something else"
    file = journey.stage.folder / "new-wording.toml"
    file.write_text(text.replace(THEN, NOW, 1), encoding="utf-8")
    assert _is_refused(journey, str(file)), "a file took back what was promised"
    _load(journey, str(file), "The committee of this evening")
    _give(journey)
    after = _given(journey)
    new = max(after)
    assert new == old + 1, f"the newest wording is {new}, after {old}"
    assert after[old] == before[old], "the new wording took donations of the old one"
    assert after[new] == (1, 700), f"under the new wording stand {after[new]}"
    shown = web.get(f"{journey.stage.url}/appeals/{APPEAL}").text
    assert NOW in shown and THEN in shown and ("keep the earlier wording" in shown), "the page does not say both"
    _load(journey, str(APPEALS), "Back to the words before")  # So that the tour can be walked again.
    told = ", ".join(f"wording {number}: {minor} from {count}" for number, (count, minor) in after.items())
    return f"refused without a reason, {told}{'' if was_said else ', and the page says since when'}"


def _give(journey: Journey) -> None:
    raised, donations = journey.raised(APPEAL)
    checkout = web.give(journey.stage.url, APPEAL, {"amount": "7", "currency": "GBP", "fund": FUND})
    web.pay(checkout, GOOD, "supporter@example.org")
    journey.wait_for_total(APPEAL, raised + 700, donations + 1)


def _given(journey: Journey) -> Given:
    """The fund's figures on the page at the end of the appeal: (donations, pence) by version."""
    with journey.inside() as conn:
        rest = next(
            one for one in appeal_wind_down.of_appeal(conn, Appeal.any_by_slug(APPEAL)) if one.fund.slug == FUND
        )
        return {one.given.wording.number: (one.given.donations, one.given.minor("GBP")) for one in rest.under}


def _is_refused(journey: Journey, file: str) -> bool:
    try:
        journey.stage.command("appeals", "load", file, "--json")
    except SystemExit as refusal:
        return "donations were made under the present wording" in str(refusal)
    return False


def _load(journey: Journey, file: str, reason: str) -> None:
    said = json.loads(journey.stage.command("appeals", "load", file, "--json", "--change-wording", reason))
    assert said["ok"], said


STEPS: tuple[Callable[[Journey], str], ...] = (_a_new_wording,)
