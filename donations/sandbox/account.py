"""The account whose money this is: one, fixed, named by the settings."""

from .store import Doc
from .world import World

ID = "acct_1SandboxFightingFund"
CARD_PAYMENTS: Doc = {
    "decline_on": {"avs_failure": False, "cvc_failure": False},
    "statement_descriptor_prefix": None,
    "statement_descriptor_prefix_kana": None,
    "statement_descriptor_prefix_kanji": None,
}


def retrieve(world: World) -> Doc:
    name = world.settings.organisation
    return {
        "id": ID,
        "object": "account",
        "business_profile": {
            "mcc": "8398",
            "name": name,
            "product_description": None,
            "support_address": None,
            "support_email": None,
            "support_phone": None,
            "support_url": None,
            "url": None,
        },
        "business_type": "non_profit",
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "country": "GB",
        "created": 1700000000,
        "default_currency": world.settings.currency,
        "details_submitted": True,
        "email": None,
        "metadata": {},
        "payouts_enabled": True,
        "settings": {
            "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
            "card_payments": CARD_PAYMENTS,
            "dashboard": {"display_name": name, "timezone": "Europe/London"},
            "payments": {
                "statement_descriptor": name.upper()[:22],
                "statement_descriptor_kana": None,
                "statement_descriptor_kanji": None,
            },
        },
        "type": "standard",
    }
