"""The command, and the order of its questions."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime

import click
from sqlalchemy.exc import SQLAlchemyError

from donations import config
from donations.cli.doctor import database, machine, mail, payment_service
from donations.cli.doctor.findings import Finding, Patient
from donations.config import Settings
from donations.config.source import Source
from donations.errors import BadSetting

QUESTION_SECONDS = 20
Question = Callable[[Patient], Iterable[Finding]]
# Asked in this order; each has its own time, and its failure is a finding.
QUESTIONS: tuple[tuple[str, Question], ...] = (
    ("Stripe", payment_service.examine),
    ("mail", mail.examine),
    ("database", database.examine),
    ("machine", machine.examine),
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(as_json: bool) -> None:
    """Check this installation and list every problem. Exit codes: 0 no faults, 1 at least one fault."""
    findings = list(examine())
    sound = not any(finding.level == "fault" for finding in findings)
    if as_json:
        click.echo(json.dumps({"ok": sound, "findings": [asdict(finding) for finding in findings]}, ensure_ascii=False))
    else:
        for finding in findings:
            click.echo(f"{finding.level:8} {finding.what}: {finding.says}")
    sys.exit(0 if sound else 1)


def examine() -> Iterator[Finding]:
    """Look at the environment, then at what it names."""
    try:
        source = config.source()
    except BadSetting as fault:
        yield _setting(fault)
        return
    yield from _written(source)
    faults, settings = config.examine(source.values)
    yield from map(_setting, faults)
    if settings is None:
        return
    yield Finding("ok", "environment", f"every setting can be read, database {settings.database_place}")
    yield from _ask_all(settings, source)


def _written(source: Source) -> Iterator[Finding]:
    yield Finding("warning" if source.overridden else "ok", "settings", source.described())
    for warning in source.warnings:
        yield Finding("fault" if "Did you mean" in warning else "warning", "settings", warning)


def _setting(fault: BadSetting) -> Finding:
    return Finding("fault", str(fault.facts["setting"]), f"{fault.facts['fault']}. {fault.facts['fix']}")


def _ask_all(settings: Settings, source: Source) -> Iterator[Finding]:
    from donations import create_app

    try:
        app = create_app(source.values)
    except Exception as error:  # A doctor never ends in a traceback.
        yield Finding("fault", "app", f"does not start: {type(error).__name__}: {error}")
        return
    patient = Patient(settings, app, datetime.now(UTC), source.file)
    for what, question in QUESTIONS:
        yield from _asked(what, question, patient)


def _asked(what: str, question: Question, patient: Patient) -> list[Finding]:
    """What was found within the time that a question has. One that hangs is left behind."""
    found: list[Finding] = []

    def ask() -> None:
        try:
            with patient.app.app_context():
                found.extend(question(patient))
        except SQLAlchemyError as error:
            said = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
            found.append(Finding("fault", what, f"cannot be used: {said}. Check DATABASE_URL and that it runs"))
        except Exception as error:
            found.append(Finding("fault", what, f"could not be looked at: {type(error).__name__}: {error}"))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(QUESTION_SECONDS)
    if asking.is_alive():
        return [*found, Finding("fault", what, f"did not answer within {QUESTION_SECONDS} seconds. Try again")]
    return found


COMMANDS = (doctor,)
