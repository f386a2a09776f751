"""Checks with Stripe of our key, our clock and our webhook endpoint."""

from __future__ import annotations

from collections.abc import Iterator

from donations import inbox, stripe_gateway
from donations.cli.doctor.findings import Finding, Patient, at_most
from donations.errors import DonationsError, PaymentServiceDown
from donations.stripe_gateway import API_VERSION, Endpoint

MAX_CLOCK_SKEW_SECONDS = 60


def examine(patient: Patient) -> Iterator[Finding]:
    settings = patient.settings
    if not settings.stripe_secret_key:
        yield Finding("fault", "STRIPE_SECRET_KEY", "is not set, so no card donation can be taken. Copy it from Stripe")
    if not settings.stripe_webhook_secrets:
        yield Finding(
            "fault",
            "STRIPE_WEBHOOK_SECRETS",
            "is not set, so no donation is ever confirmed. Run `donations stripe setup`",
        )
    if settings.livemode and not settings.secure:
        yield Finding("fault", "PUBLIC_URL", "is not https, but the key is for real money. Set an https address")
    if settings.stripe_secret_key:
        yield from _asked(patient)


def _asked(patient: Patient) -> Iterator[Finding]:
    try:
        said = stripe_gateway.greet()
    except PaymentServiceDown as error:
        yield Finding("fault", "Stripe", f"does not answer ({_cause(error)}). Check the network, or STRIPE_API_BASE")
        return
    except DonationsError as error:
        yield Finding(
            "fault", "STRIPE_SECRET_KEY", f"is refused by Stripe ({_cause(error)}). Copy the key again from Stripe"
        )
        return
    kind = "real money" if patient.settings.livemode else "test money"
    yield Finding("ok", "Stripe", f"takes the key, {kind}")
    if said.livemode != patient.settings.livemode:
        yield Finding("fault", "STRIPE_SECRET_KEY", "is of another mode than Stripe answers in. Copy it again")
    yield _clock(said.clock_seconds)
    try:
        yield from _endpoint(patient, stripe_gateway.endpoints())
    except DonationsError as error:
        said_why = f"cannot be compared ({_cause(error)}). Let the key read webhook endpoints, or look at the dashboard"
        yield Finding("warning", "webhook endpoint", said_why)


def _clock(seconds: float | None) -> Finding:
    if seconds is None:
        return Finding("warning", "clock", "could not be compared: Stripe sent no time")
    if abs(seconds) > MAX_CLOCK_SKEW_SECONDS:
        which = "ahead of" if seconds > 0 else "behind"
        return Finding(
            "fault",
            "clock",
            f"is {abs(seconds):.0f} seconds {which} Stripe's, so its webhooks are refused. Run"
            " `timedatectl set-ntp true`, then `donations stripe sync`",
        )
    return Finding("ok", "clock", f"agrees with Stripe's within {max(abs(seconds), 1):.0f} s")


def _endpoint(patient: Patient, known: list[Endpoint]) -> Iterator[Finding]:
    url = f"{patient.settings.public_url}/webhooks/stripe"
    ours = [each for each in known if each.url == url]
    enabled = [each for each in ours if each.enabled]
    if not enabled:
        others = [each.url for each in known if each.url != url]
        beside = f" (others: {at_most(others)}). Check PUBLIC_URL." if others else "."
        fault = "is switched off at Stripe." if ours else f"is missing: none sends to {url}{beside}"
        yield Finding("fault", "webhook endpoint", f"{fault} Run `donations stripe setup`")
        return
    faults = [*_differences(enabled[0], patient.settings.livemode)]
    if len(enabled) > 1:
        faults.append(f"is there {len(enabled)} times. Delete all but one in Stripe's dashboard")
    for fault in faults:
        level = "warning" if "version" in fault or "times" in fault else "fault"
        yield Finding(level, "webhook endpoint", fault)
    if not faults:
        yield Finding("ok", "webhook endpoint", f"{url} is sent everything that we handle, in our version")


def _differences(endpoint: Endpoint, livemode: bool) -> Iterator[str]:
    missing = sorted(set(inbox.HANDLERS) - set(endpoint.events))
    if missing and "*" not in endpoint.events:
        yield f"is not sent {at_most(missing)}. Run `donations stripe setup`"
    if endpoint.livemode != livemode:
        yield "is of the other mode than STRIPE_SECRET_KEY. Run `donations stripe setup` with the right key"
    if endpoint.api_version != API_VERSION:
        version = endpoint.api_version or "the account's own version"
        yield f"sends {version}, and we read version {API_VERSION}. Delete it there and run `donations stripe setup`"


def _cause(error: DonationsError) -> str:
    """The HTTP status of Stripe's answer, or the reason for no answer; nothing of what was sent."""
    status = getattr(error.__cause__, "http_status", None)
    return f"status {status}" if status else type(error.__cause__).__name__
