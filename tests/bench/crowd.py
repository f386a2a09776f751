"""A crowd for `tests.bench abuse`, as a process of its own: supporters who give with good cards, programs that solve no
proof of work, or programs that do. Bounded by its numbers and seconds; loopback only. Prints a line of JSON."""

from __future__ import annotations

import html
import http.client
import itertools
import json
import os
import random
import re
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import altcha

SLUG = "hands-off-ali"
GOOD, DECLINED = "4242 4242 4242 4242", "4000 0000 0000 0002"
_AT_WORK = threading.Semaphore(2)  # They have machines of their own; this one has two cores for all of them.
FORM = {"currency": "GBP", "interval": "once", "fund": "", "display": "secret"}


@dataclass
class Told:
    """What a crowd has seen: seconds of our answers, and (moment, network, session) of each payment page."""

    answers: list[float] = field(default_factory=list)
    pages: list[tuple[float, str, str]] = field(default_factory=list)
    declines: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)  # when the step-up was asked for
    posts: int = 0
    done: int = 0
    refused: int = 0
    solving: list[float] = field(default_factory=list)
    waiting: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Person:
    """One browser, at an address."""

    def __init__(self, base: str, address: str, told: Told) -> None:
        self.host, self.address, self.told = urlsplit(base).netloc, address, told
        self.check = self.key = ""
        self.solved = self.waited = 0.0

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[int, str, str]:
        """(status, where it leads, text) of one of our answers."""
        line = http.client.HTTPConnection(self.host, timeout=60)
        headers = {"X-Forwarded-For": self.address, "Content-Type": "application/x-www-form-urlencoded"}
        began = time.perf_counter()
        line.request("GET" if form is None else "POST", path, urlencode(form) if form else None, headers)
        answer = line.getresponse()
        text = answer.read().decode()
        self.told.answers.append(time.perf_counter() - began)
        if answer.status == 429:
            self.told.asked.append(time.time())
        line.close()
        return answer.status, answer.headers.get("Location", ""), text

    def fill_in(self, amount: str = "20") -> None:
        """Send the form and read its check."""
        status, self.check, _ = self.ask(f"/appeals/{SLUG}/donations", {**FORM, "amount": amount})
        if status != 303:
            raise RuntimeError(f"the form was answered with {status}")
        _, _, page = self.ask(self.check)
        self.key = _hidden(page)["key"]

    def go_on(self) -> str | None:
        """Press the check's button. Returns the payment page; None where the step-up is asked for."""
        status, where, _ = self.ask(self.check, {"key": self.key})
        return self._opened(where) if status == 303 else None

    def go_on_patiently(self, until: float) -> str | None:
        """The same with all that a browser does by itself: it solves and waits."""
        form = {"key": self.key}
        while True:
            status, where, page = self.ask(self.check, form)
            if status == 303:
                return self._opened(where)
            if status != 429:
                raise RuntimeError(f"the check was answered with {status}")
            form, challenge = _hidden(page), _challenge(page)
            if challenge:
                began = time.perf_counter()
                with _AT_WORK:
                    if time.time() > until:
                        return None
                    solution = altcha.solve_challenge(challenge, timeout=0)
                assert solution is not None
                form["altcha"] = altcha.Payload(challenge, solution).to_base64()
                self.solved += time.perf_counter() - began
            seconds = int((re.search(r'data-seconds="(\d+)"', page) or [0, "0"])[1])
            if time.time() + seconds > until:
                return None
            self.waited += seconds
            time.sleep(seconds + random.uniform(0, 0.5) * bool(seconds))

    def _opened(self, where: str) -> str:
        with self.told.lock:
            self.told.pages.append((time.time(), self.address, where.rsplit("/", 1)[1]))
        return where

    def pay(self, page: str, card: str) -> bool:
        """Try a card on the payment page. Whether it went through."""
        parts = urlsplit(page)
        line = http.client.HTTPConnection(parts.netloc, timeout=60)
        typed = {"number": card, "expiry": "12/34", "cvc": "123", "name": "Test", "email": "m@example.org"}
        line.request("POST", parts.path, urlencode(typed), {"Content-Type": "application/x-www-form-urlencoded"})
        answer = line.getresponse()
        answer.read()
        line.close()
        if answer.status == 402:
            self.told.declines.append(time.time())
        return answer.status == 303


def honest(base: str, addresses: list[str], seconds: float, told: Told) -> None:
    """Each gives once, at a moment of their own; a slow end has as long again."""
    began = time.time()

    def give(number: int) -> None:
        time.sleep(number * seconds / len(addresses))
        person = Person(base, addresses[number], told)
        try:
            person.ask(f"/appeals/{SLUG}")
            person.fill_in(random.choice(("10", "20", "50")))
            page = person.go_on_patiently(began + 2 * seconds + 600)
            paid = page is not None and person.pay(page, GOOD)
        except (RuntimeError, OSError) as error:
            print(error, file=sys.stderr)
            paid = False
        with told.lock:
            told.done += paid
            told.refused += not paid
            told.solving.append(person.solved)
            told.waiting.append(person.waited)

    _together([(give, (number,)) for number in range(len(addresses))])


def idle(base: str, addresses: list[str], seconds: float, told: Told, posts: int) -> None:
    """Programs that solve nothing: so many posts over the seconds, from one network after the other, each with a form
    of its own; where a page opens they try five stolen cards."""
    began, turn = time.time(), itertools.count()
    programs = [Person(base, address, told) for address in addresses]

    def post() -> None:
        while (number := next(turn)) < posts:
            time.sleep(max(0.0, began + number * seconds / posts - time.time()))
            program = programs[number % len(programs)]
            try:
                if not program.key:
                    program.fill_in()
                page = program.go_on()
            except (RuntimeError, OSError):
                page, program.key = None, ""
            with told.lock:
                told.posts += 1
            if page:
                program.key = ""
                for _ in range(5):
                    program.pay(page, DECLINED)

    _together([(post, ()) for _ in range(16)])


def solving(base: str, addresses: list[str], seconds: float, told: Told) -> None:
    """Programs that do what a browser does, one after the other page, as fast as they are let."""
    until = time.time() + seconds

    def run(address: str) -> None:
        program = Person(base, address, told)
        time.sleep(random.uniform(0, seconds / 2))
        while time.time() < until:
            try:
                program.fill_in()
                page = program.go_on_patiently(until)
            except (RuntimeError, OSError):
                time.sleep(1)
                continue
            if page:
                program.pay(page, DECLINED)

    _together([(run, (address,)) for address in addresses])


def _together(jobs: list[tuple[Any, tuple[Any, ...]]]) -> None:
    threads = [threading.Thread(target=job, args=args, daemon=True) for job, args in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


def _challenge(page: str) -> Any:
    asked = re.search(r'data-challenge="([^"]+)"', page)
    return altcha.Challenge.from_dict(json.loads(html.unescape(asked[1]))) if asked else None


def main() -> None:
    """crowd.py KIND BASE SECONDS ADDRESSES(JSON) [POSTS] [NICE]"""
    kind, base, seconds, addresses = sys.argv[1], sys.argv[2], float(sys.argv[3]), json.loads(sys.argv[4])
    told = Told()
    if kind == "honest":
        honest(base, addresses, seconds, told)
    elif kind == "idle":
        os.nice(5)
        idle(base, addresses, seconds, told, int(sys.argv[5]))
    else:
        os.nice(19)  # Their own machines do the work; here it must not take ours from the server.
        solving(base, addresses, seconds, told)
    said = {name: value for name, value in vars(told).items() if name != "lock"}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
