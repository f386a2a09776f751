"""The value of one donation, calculated independently of the app: plain arithmetic over the reports, in the order in
which things happened. Nothing of donations.bookkeeping is used here."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.ledger.stories import Payment, Said, seconds

WHOLE = 3000


@dataclass
class Heard:
    """The reports about one charge of 30.00, and the result."""

    amount: int
    charge: set[str] = field(default_factory=set)  # the statuses reported for it
    refunds: dict[str, tuple[int, int, set[str]]] = field(default_factory=dict)  # amount, when made, statuses
    failed: dict[str, int] = field(default_factory=dict)  # refunds: when they were first reported as failed
    disputes: dict[str, tuple[int, str]] = field(default_factory=dict)  # the latest report: when, status
    moves: dict[str, tuple[str, int, str, int]] = field(default_factory=dict)  # category, amount, source, when

    def hear(self, said: Said, when: int) -> None:
        kind, about, _ = said
        if kind == "listed":
            self._move(about)
        elif kind.startswith("charge.dispute"):
            self.disputes[about["id"]] = max(self.disputes.get(about["id"], (0, "")), (when, about["status"]))
            for move in about["balance_transactions"]:
                self._move(move)
        elif kind.startswith("refund"):
            made = self.refunds.setdefault(about["id"], (about["amount"], about["created"], set()))
            made[2].add(about["status"])
            if about["status"] == "failed":
                at = seconds(when)
                self.failed[about["id"]] = min(self.failed.get(about["id"], at), at)
        else:
            self.charge.add(about["status"])

    @property
    def known(self) -> bool:
        """The charge itself was heard of, so that it is known whose it is."""
        return bool(self.charge)

    @property
    def received(self) -> int:
        return self.amount if "succeeded" in self.charge else 0

    @property
    def public(self) -> int:
        """Its part of the total that everybody sees."""
        if not self.known:
            return 0
        kept = 0 if "failed" in self.charge else self.received
        return kept - self.given_back - sum(self.held().values())

    @property
    def remaining(self) -> int:
        """What a receipt can be for."""
        if not self.received or "failed" in self.charge:
            return 0
        lost = sum(held for one, held in self.held().items() if self._is_gone(one))
        return self.received - self.given_back - lost

    def _is_gone(self, dispute: str) -> bool:
        """What it holds does not come back: it was lost, or won in part."""
        status = self.disputes.get(dispute, (0, ""))[1]
        return status == "lost" or (status == "won" and dispute in self._listed("dispute_reversal"))

    @property
    def given_back(self) -> int:
        """What refunds took of the donation itself: money that had bounced before is refunded first. What never came
        cannot be refunded. A refund whose money had moved bounced when its money came back; until that is listed, when
        it was reported as failed."""
        if not self.received:
            return 0
        gone, back = self._listed("refund"), self._listed("refund_failure")
        happened: list[tuple[int, int]] = []
        for refund, (minor, made, statuses) in self.refunds.items():
            failed = "failed" in statuses
            if failed and refund not in gone:
                continue
            happened.append((made, minor))
            if failed:
                happened.append((back.get(refund, self.failed[refund]), -minor))
        taken = owed = 0
        for _, minor in sorted(happened):
            if minor < 0:
                owed -= minor
                continue
            from_owed = min(owed, minor)
            owed -= from_owed
            taken = min(taken + minor - from_owed, self.amount)
        return taken

    def held(self) -> dict[str, int]:
        """What each dispute holds of the donation: withdrawn and not returned, never more than was left of it."""
        holds: dict[str, int] = {}
        left = self.amount - self.given_back
        moved = sorted((when, minor, source) for category, minor, source, when in self.moves.values()
                       if category.startswith("dispute"))  # fmt: skip
        if not self.charge and not self._listed("charge"):
            return holds
        for source in sorted({source for _, _, source in moved}):
            held = 0
            for _, minor, about in moved:
                if about == source:
                    held = min(held - minor, left) if minor < 0 else max(held - minor, 0)
            holds[source] = held
            left -= held
        return holds

    def _move(self, move: dict) -> None:  # type: ignore[type-arg]
        source = move["source"]
        source_id = source["id"] if isinstance(source, dict) else source
        self.moves[move["id"]] = (move["reporting_category"], move["amount"], source_id, move["created"])

    def _listed(self, category: str) -> dict[str, int]:
        return {source: when for each, _, source, when in self.moves.values() if each == category}


@dataclass
class Dispute:
    """A dispute as it truly is."""

    id: str
    taken: int
    created: int
    moves: list[Said] = field(default_factory=list)
    back: int = 0
    status: str = "needs_response"


@dataclass
class Gift:
    """A payment as it truly is at Stripe, and what was heard of it."""

    payment: Payment
    heard: Heard
    ours: bool
    status: str
    settled: bool = False
    bounceable: dict[str, int] = field(default_factory=dict)
    refunded: int = 0
    disputes: list[Dispute] = field(default_factory=list)
    fund: str | None = None  # as a treasurer decided

    @property
    def left(self) -> int:
        return max(WHOLE - self.refunded - sum(one.taken - one.back for one in self.disputes), 0)

    @property
    def in_question(self) -> bool:
        return any(one.status == "needs_response" for one in self.disputes)
