"""New ids that look like Stripe's. What an id means is nobody's business: they are opaque."""

import secrets
import string

ALPHABET = string.ascii_letters + string.digits


def new(prefix: str, length: int = 24) -> str:
    """`prefix`, an underscore and `length` random letters and digits."""
    return f"{prefix}_{letters(length)}"


def letters(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
