"""Each status of Stripe's has one meaning: the questions divide them, and an unknown value is not over."""

from __future__ import annotations

import pytest

from donations.stripe_statuses import ORDER, ChargeStatus, DisputeStatus, PayoutStatus, RefundStatus
from donations.web.treasury import labels
from tests.house import modules

TOLD = (
    (DisputeStatus, labels.DISPUTE_STATES),
    (RefundStatus, labels.REFUND_STATES),
    (PayoutStatus, labels.PAYOUT_STATES),
)


@pytest.mark.parametrize("kind", [ChargeStatus, DisputeStatus, RefundStatus, PayoutStatus])
def test_a_word_that_is_younger_than_the_list_is_unknown_and_nothing_is_over(kind: type[ChargeStatus]) -> None:
    unknown = kind.of("a_word_of_tomorrow")
    assert unknown == "unknown"
    asked = ("is_closed", "is_lost", "is_open", "has_failed", "has_come_back", "is_over", "awaits_response")
    assert not any(getattr(unknown, question, False) for question in asked)


def test_a_dispute_is_open_or_closed_or_asked_about_and_never_two_of_them() -> None:
    for status in DisputeStatus:
        if status is not DisputeStatus.UNKNOWN:
            kinds = [status.is_open, status.is_closed, status.is_appeal, status.is_inquiry and not status.is_closed]
            assert sum(kinds) == 1, status


@pytest.mark.parametrize(("kind", "told"), TOLD)
def test_each_status_has_words_for_a_person(kind: type[DisputeStatus], told: dict[str, str]) -> None:
    assert {str(status) for status in told} == {str(status) for status in kind}


@pytest.mark.parametrize("kind", [DisputeStatus, RefundStatus, PayoutStatus])
def test_each_status_has_its_place_in_the_order(kind: type[DisputeStatus]) -> None:
    assert {str(status) for status in kind} - {"unknown"} <= ORDER.keys()


def test_no_other_module_spells_the_statuses_of_disputes() -> None:
    spelled = [
        module.name
        for module in modules()
        if module.part not in ("sandbox", "stripe_statuses", "")
        and any(f'"{word}"' in module.source for word in ("needs_response", "under_review", "warning_closed"))
    ]
    assert spelled == []
