"""Stripe's description and a running sandbox for the contract tests."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from .exchange import Witnessed, order
from .openapi import OURS, Contract, load


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load(str(OURS))


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
