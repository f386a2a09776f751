"""The description and a running sandbox for the contract tests. Without the description they are skipped by name."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from .exchange import Witnessed, order
from .openapi import Contract, load


@pytest.fixture(scope="session")
def contract() -> Contract:
    folder = os.environ.get("STRIPE_OPENAPI_DIR", "")
    if folder and (Path(folder) / "spec.json").is_file():
        return load(folder)
    missing = "STRIPE_OPENAPI_DIR does not name a folder with Stripe's description (spec.json, events.json)"
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    command = [sys.executable, "-m", "donations.sandbox", "--port", "0", "--bt-delay", "3600"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1]
        finally:
            process.terminate()


@pytest.fixture
def witnessed(contract: Contract) -> Witnessed:
    return Witnessed(contract)


@pytest.fixture
def client(sandbox_url: str, witnessed: Witnessed) -> stripe.StripeClient:
    """Stripe's client of a sandbox that has forgotten everything."""
    order(sandbox_url, "reset")
    return stripe.StripeClient("sk_test_contract", base_addresses={"api": sandbox_url}, http_client=witnessed)
