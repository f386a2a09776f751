"""`donations tour` ends with 0 only if every figure agrees: tried with figures that do not, and with a ledger that is
not sound. The walk itself is `make tour`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from donations.cli import tour


class Stage:
    """Starts nothing; its ledger is sound, unless told that it is not."""

    is_sound = True

    def __init__(self, *_: object, **__: object) -> None:
        self.is_stopped = False

    def start(self, **_: object) -> None:
        pass

    def command(self, *words: str) -> str:
        assert words == ("ledger", "check")
        assert self.is_sound, "the books are not sound"
        return ""

    def stop(self) -> None:
        self.is_stopped = True


def step(_journey: object) -> str:
    """Nothing happens."""
    return "nothing"


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    def walked(*, public: int, booked: int, is_sound: bool = True) -> Result:
        class Journey:
            def __init__(self, stage: Stage) -> None:
                self.stage = stage

            def agree(self) -> str:
                assert public == booked, f"total {public} and ledger {booked} differ"
                return "alike"

            def end(self) -> None:
                pass

        monkeypatch.setattr(tour, "Stage", type("Planted", (Stage,), {"is_sound": is_sound}))
        monkeypatch.setattr(tour, "Journey", Journey)
        monkeypatch.setattr(tour, "STEPS", (step, step))
        return CliRunner().invoke(tour.tour)

    return walked


def test_it_ends_with_0_only_if_every_figure_agrees(walk: Callable[..., Result]) -> None:
    agreed = walk(public=2000, booked=2000)
    assert (agreed.exit_code, "Every figure agrees." in agreed.output) == (0, True)


@pytest.mark.parametrize("planted", [{"booked": 1999}, {"booked": 2000, "is_sound": False}])
def test_it_ends_with_1_where_a_figure_differs_or_the_books_are_not_sound(
    walk: Callable[..., Result], planted: dict[str, int]
) -> None:
    refused = walk(public=2000, **planted)
    assert (refused.exit_code, "Every figure agrees." in refused.output) == (1, False)
    assert "WRONG" in refused.output
