"""What tests about money ask of a sandbox again and again. No expectations here."""

from typing import Any

from .processes import Running


def gift(sandbox: Running, amount: int = 10000, card: str = "pm_card_visa", **more: Any) -> str:
    """The charge of a session that says which donation it is of."""
    paid = sandbox.paid(amount, card=card, payment_intent_data={"metadata": {"donation": "1"}}, **more)
    return str(paid.id)


def booked(sandbox: Running, **only: Any) -> list[tuple[Any, ...]]:
    """Amount, fee, type and category of each balance transaction, oldest first."""
    found = sandbox.v1.balance_transactions.list({"limit": 100, **only}).auto_paging_iter()
    return [(each.amount, each.fee, each.type, each.reporting_category) for each in found][::-1]


def money(sandbox: Running, currency: str = "gbp") -> Any:
    return sandbox.look("summary")["money"][currency]


def raised(sandbox: Running, currency: str = "gbp") -> int:
    return int(money(sandbox, currency)["raised"])


def since(sandbox: Running, before: list[str]) -> list[str]:
    """The types of the events that came after `before`."""
    return sandbox.types()[len(before) :]


def balance_is_the_sum(sandbox: Running) -> bool:
    """The balance is the sum of all balance transactions of the payments balance, in each currency."""
    told = sandbox.v1.balance.retrieve()
    sums: dict[str, int] = {}
    for each in sandbox.v1.balance_transactions.list({"limit": 100}).auto_paging_iter():
        if each.balance_type == "payments":
            sums[each.currency] = sums.get(each.currency, 0) + each.net
    parts: dict[str, int] = {}
    for part in (*told.available, *told.pending):
        parts[part.currency] = parts.get(part.currency, 0) + part.amount
    return {code: sum for code, sum in parts.items() if sum} == {code: sum for code, sum in sums.items() if sum}
