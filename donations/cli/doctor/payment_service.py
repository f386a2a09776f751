"""What Stripe says of our key, our clock and our webhook endpoint, and what came of its webhooks here."""

from __future__ import annotations

from collections.abc import Iterator

from donations.cli.doctor.findings import Finding, Patient


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
    if settings.stripe_secret_key and settings.stripe_webhook_secrets:
        kind = "real money" if settings.livemode else "test money"
        yield Finding("ok", "Stripe", f"key and {len(settings.stripe_webhook_secrets)} webhook secret(s), {kind}")
    if settings.livemode and not settings.secure:
        yield Finding("fault", "PUBLIC_URL", "is not https, with a key for real money. Write the https address")
