"""The terms of a donation: what was shown when it was made, frozen with it, and later printed on its receipt."""

from __future__ import annotations

from typing import Any

from donations.models import Appeal, Fund, Organisation


def terms_of(
    organisation: Organisation, appeal: Appeal, funds: list[Fund], language: str, surplus: dict[str, str] | None = None
) -> dict[str, Any]:
    """What was shown when the donation was made, frozen in the donor's language. What a receipt must not say is not in
    here. `surplus` by language, if it was not the appeal's of today."""

    def told(texts: dict[str, str]) -> str:
        return texts.get(language) or texts.get(organisation.default_language) or next(iter(texts.values()), "")

    named = appeal.names_on_receipt
    return {
        "organisation": organisation.name,
        "legal_name": organisation.legal_name,
        "statement_descriptor": organisation.statement_descriptor,
        "restriction": told(appeal.surplus if surplus is None else surplus) if named else "",
        "appeal_title": told(appeal.title) if named else "",
        "fund_names": [told(fund.name) for fund in funds] if named else [],
    }
