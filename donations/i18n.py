"""The mark for texts that are translated later, where an error is shown. Nothing else is here, so that every reader may
need it."""


def N_(text: str) -> str:
    """Marks a text for the catalogs, and leaves it as it is."""
    return text
