"""What a line of the log is made of: for people and for programs, with the number of its request."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from donations import config
from donations.cli import logs
from donations.errors import BadSetting

pytestmark = pytest.mark.databases("sqlite")
TOKEN = "a-token-that-opens-something"
Lines = Callable[[], list[str]]


@pytest.fixture
def lines_as(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Lines]]:
    """lines_as("json") sets up the log, and gives what reads the lines that were written since."""
    root, written = logging.getLogger(), io.StringIO()
    before = root.handlers[:]

    def start(form: str) -> Lines:
        monkeypatch.setenv("LOG_FORMAT", form)
        root.handlers.clear()
        logs.set_up()
        (handler,) = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(written)
        return lambda: written.getvalue().splitlines()

    yield start
    root.handlers[:] = before


def broken(app: Flask) -> None:
    """One address of the app fails."""

    def fail(token: str) -> str:
        raise ZeroDivisionError

    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.view_functions["receipts.show"] = fail


def test_a_line_for_programs_names_time_route_and_request_and_no_token(
    app: Flask, lines_as: Callable[[str], Lines]
) -> None:
    lines = lines_as("json")
    broken(app)
    answer = app.test_client().get(f"/receipts/{TOKEN}")
    (line,) = (json.loads(line) for line in lines() if "unexpected" in line)
    assert (line["level"], line["route"]) == ("ERROR", "GET /receipts/<token>")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert "ZeroDivisionError" in line["traceback"]
    assert line["request_id"] in answer.text
    assert TOKEN not in "".join(lines())


def test_a_line_for_people_ends_with_the_number_on_the_page(app: Flask, lines_as: Callable[[str], Lines]) -> None:
    lines = lines_as("text")
    broken(app)
    answer = app.test_client().get(f"/receipts/{TOKEN}")
    (line,) = (line for line in lines() if "unexpected" in line)
    number = re.fullmatch(r"\S+Z ERROR donations unexpected at GET /receipts/<token> \[request ([0-9a-f]{32})\]", line)
    assert number is not None
    assert number[1] in answer.text


@pytest.mark.parametrize("given", ["ab" * 16, "0' OR 1=1 --", "<b>bold</b>"])
def test_only_a_proxy_of_ours_numbers_a_request(app: Flask, given: str) -> None:
    broken(app)
    answer = app.test_client().get(f"/receipts/{TOKEN}", headers={"X-Request-Id": given})
    assert answer.status_code == 500
    assert given not in answer.text


def test_a_line_about_no_request_has_no_number(lines_as: Callable[[str], Lines]) -> None:
    lines = lines_as("json")
    logging.getLogger("donations.worker").warning("a job waits")
    (line,) = map(json.loads, lines())
    assert set(line) == {"time", "level", "logger", "message"}


def test_an_unknown_form_is_refused_with_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "xml")
    with pytest.raises(BadSetting) as refused:
        config.log_format()
    assert "text or json" in str(refused.value)
