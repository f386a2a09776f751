"""Guessing becomes slow, for an account and for a network, and a person is never locked out by another for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from donations import tokens
from tests.web.staff.conftest import PASSWORD, Browser, Person, accept_all


def guess(browser: Browser, email: str, times: int) -> list[int]:
    return [browser.post("/staff/sign-in", email=email, password="wrong").status_code for _ in range(times)]


def test_after_five_failures_the_right_password_waits_too(app: Flask, treasurer: Person) -> None:
    browser = Browser(app)

    assert guess(browser, treasurer.email, 7) == [422] * 6 + [429]

    answer = browser.post("/staff/sign-in", email=treasurer.email, password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) in (1, 2)


def test_an_address_that_nobody_has_waits_alike(app: Flask, treasurer: Person) -> None:
    assert guess(Browser(app), "nobody@example.org", 7) == [422] * 6 + [429]


def test_the_waits_grow_to_a_quarter_of_an_hour_and_no_more(
    app: Flask, treasurer: Person, clock: time_machine.Traveller
) -> None:
    browser, waits = Browser(app), []
    guess(browser, treasurer.email, 6)
    for _ in range(12):
        answer = browser.post("/staff/sign-in", email=treasurer.email, password="wrong")
        waits.append(int(answer.headers["Retry-After"]))
        clock.shift(waits[-1])
        assert guess(browser, treasurer.email, 1) == [422]
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    # Then the right password opens, and what was counted is forgotten.
    clock.shift(900)
    assert browser.sign_in(treasurer).status_code == 303


def test_who_must_wait_makes_the_wait_no_longer_by_trying(app: Flask, treasurer: Person) -> None:
    browser = Browser(app)
    guess(browser, treasurer.email, 6)

    said = [browser.post("/staff/sign-in", email=treasurer.email, password="x").headers["Retry-After"] for _ in "123"]

    assert said == ["2", "2", "2"]


def test_many_networks_together_wait_for_one_account(app: Flask, treasurer: Person) -> None:
    answers = [guess(Browser(app, f"198.51.{number}.1"), treasurer.email, 1)[0] for number in range(7)]

    assert answers == [422] * 6 + [429]


def test_an_attacker_elsewhere_keeps_nobody_out_where_they_usually_sign_in(app: Flask, treasurer: Person) -> None:
    # given a treasurer who has signed in from home before
    assert Browser(app, "192.0.2.7").sign_in(treasurer, code=treasurer.codes[0]).status_code == 303
    # when an attacker elsewhere never stops guessing
    assert guess(Browser(app, "203.0.113.66"), treasurer.email, 7)[-1] == 429
    # then home opens as ever
    assert Browser(app, "192.0.2.99").sign_in(treasurer, code=treasurer.codes[1]).status_code == 303


def test_one_network_that_tries_many_accounts_waits(app: Flask, treasurer: Person) -> None:
    browser = Browser(app)

    answers = [guess(browser, f"somebody{number}@example.org", 1)[0] for number in range(22)]

    assert answers == [422] * 21 + [429]
    assert guess(Browser(app, "198.51.100.1"), "else@example.org", 1) == [422]


def test_codes_are_not_guessed_either(app: Flask, treasurer: Person) -> None:
    browser = Browser(app)
    browser.post("/staff/sign-in", email=treasurer.email, password=PASSWORD)

    answers = [browser.post("/staff/second", code="000000").status_code for _ in range(7)]

    assert answers == [422] * 6 + [429]
    assert browser.post("/staff/second", code=treasurer.code()).status_code == 429


@pytest.mark.databases("sqlite")
def test_a_day_later_all_is_forgotten(app: Flask, treasurer: Person, clock: time_machine.Traveller) -> None:
    browser = Browser(app)
    guess(browser, treasurer.email, 6)
    clock.shift(timedelta(days=1, seconds=1))
    browser.csrf = ""  # The form of yesterday is too old to be sent.

    assert guess(browser, treasurer.email, 6) == [422] * 6


def test_a_mailed_link_ends_the_wait_of_the_account(app: Flask, treasurer: Person, join: Callable[..., Person]) -> None:
    for number in range(7):
        guess(Browser(app, f"198.51.{number}.1"), treasurer.email, 1)
    person = treasurer.row
    link = f"/staff/reset/{tokens.for_reset(person.id, person.link_key)}"
    browser = Browser(app)
    browser.get(link)
    assert browser.post(link, password="another long password").status_code == 303
    accept_all()

    assert browser.sign_in(treasurer, password="another long password").status_code == 303


def reset(browser: Browser, person: Person, password: str) -> int:
    row = person.row
    link = f"/staff/reset/{tokens.for_reset(row.id, row.link_key)}"
    browser.get(link)
    status = browser.post(link, password=password).status_code
    accept_all()
    return status


def test_who_reads_the_mail_gets_no_fresh_guesses_at_the_second_step(
    app: Flask, treasurer: Person, clock: time_machine.Traveller
) -> None:
    guesses = 0
    for number in range(4):
        browser, password = Browser(app, f"198.51.{number}.1"), f"the mailbox is mine {number}"
        while reset(browser, treasurer, password) == 429:
            clock.shift(2)
        browser.get("/staff/sign-in")
        assert browser.post("/staff/sign-in", email=treasurer.email, password=password).status_code == 303
        browser.get("/staff/second")
        tried = [browser.post("/staff/second", code="000000").status_code for _ in range(6)]
        guesses += tried.count(422)
    assert guesses <= 8  # 24 where a reset forgot what was counted


def test_resets_of_one_account_grow_slower_from_wherever_they_come(app: Flask, treasurer: Person) -> None:
    answers = [reset(Browser(app, f"198.51.{n}.1"), treasurer, f"a new password of mine {n}") for n in range(4)]
    assert answers == [303, 303, 303, 429]


def test_who_knows_the_password_gets_no_fresh_guesses_at_the_second_step_by_changing_it(
    app: Flask, treasurer: Person
) -> None:
    browser = Browser(app)
    browser.become(treasurer)  # a browser that was left open
    answers = [browser.post("/staff/again", password=PASSWORD, code="000000").status_code for _ in range(7)]
    assert answers == [422] * 6 + [429]
    typed = {"current_password": PASSWORD, "password": "another long password"}
    assert browser.post("/staff/password", **typed).status_code == 303
    assert browser.post("/staff/again", password="another long password", code="000000").status_code == 429
