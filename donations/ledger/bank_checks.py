"""The invariants of payouts, the bank and offline donations, as queries whose answer must be empty. The rest, and who
asks them, is in checks.py."""

from __future__ import annotations

# name -> (query, the sentence that tells a row of its answer, what it is about where it is grave, its columns' names)
QUESTIONS: dict[str, tuple[str, ...]] = {
    "I5": (
        "SELECT o.id, o.amount_minor, coalesce(sum(b.net_minor), 0), o.currency FROM payout o"
        " LEFT JOIN balance_transaction b ON b.payout_id = o.id AND b.currency = o.currency"
        " WHERE o.automatic AND o.members_listed AND o.status NOT IN ('failed', 'canceled')"
        " GROUP BY o.id, o.amount_minor, o.currency HAVING o.amount_minor <> coalesce(sum(b.net_minor), 0)",
        "payout {0} is {1:{3}}, but its transactions add up to {2:{3}}",
        "",
        "payout amount transactions currency",
    ),
    # The newest statement that says a balance, held against lines and entries up to its own last day, by the day of
    # their facts: what a later file brings changes nothing of it. Not before the opening balance: until then the ledger
    # cannot know what the bank had.
    "I7": (
        "WITH newest AS (SELECT a.id, a.name, a.currency, s.ends_on, s.closing_minor FROM bank_account a"
        " JOIN statement s ON s.id = (SELECT t.id FROM statement t WHERE t.bank_account_id = a.id"
        " AND t.closing_minor IS NOT NULL AND t.withdrawn_at IS NULL ORDER BY t.ends_on DESC, t.id DESC LIMIT 1)"
        " WHERE EXISTS (SELECT 1 FROM adjustment j WHERE j.kind = 'opening' AND j.bank_account_id = a.id"
        " AND j.dated_on <= s.ends_on)"
        # While a person must say whether a line is here twice, no one knows what the bank had.
        " AND NOT EXISTS (SELECT 1 FROM statement_line_question q JOIN statement_line h ON h.id = q.statement_line_id"
        " WHERE h.bank_account_id = a.id AND q.state = 'open')),"
        " told AS (SELECT n.name, n.ends_on, n.currency,"
        " n.closing_minor - coalesce((SELECT sum(l.amount_minor) FROM statement_line l WHERE l.bank_account_id = n.id"
        " AND l.booked_on <= n.ends_on AND NOT EXISTS (SELECT 1 FROM match m WHERE m.statement_line_id = l.id"
        " AND m.state = 'confirmed')), 0) AS explained,"
        " coalesce((SELECT sum(p.amount_minor) FROM posting p JOIN entry e ON e.id = p.entry_id WHERE p.account = 1000"
        " AND p.clear_ref = 'bank\\:' || n.id AND e.fact_date <= n.ends_on), 0) AS booked FROM newest n)"
        " SELECT name, ends_on, explained, booked, currency FROM told WHERE explained <> booked",
        "bank account {0}: by its statement to {1} the ledger should say {2:{4}}, but it says {3:{4}}",
        "",
        "bank_account until expected found currency",
    ),
    "I8": (
        "SELECT currency, sum(amount_minor) FROM posting WHERE account = 3100 GROUP BY currency"
        " HAVING sum(amount_minor) <> 0",
        "transfers between funds add up to {1:{0}} instead of 0",
        "",
        "currency minor",
    ),
    "I11 offline": (
        "SELECT x.id, x.said, x.remaining, x.currency FROM (SELECT g.id, d.currency,"
        " coalesce((SELECT r.amount_minor FROM receipt r WHERE r.donation_id = g.donation_id AND r.state = 'live'), 0)"
        " AS said, CASE WHEN g.method IN ('cash', 'cheque') AND g.state = 'accepted' THEN d.amount_minor ELSE 0 END"
        " + coalesce((SELECT sum(m.amount_minor) FROM match m WHERE m.target = CAST(g.id AS text)"
        " AND m.kind IN ('offline_gift', 'bounced', 'offline_refund') AND m.state = 'confirmed'), 0) AS remaining"
        " FROM offline_donation g JOIN donation d ON d.id = g.donation_id"
        # A receipt that waits until its change can no longer be undone.
        " WHERE g.donation_id NOT IN (SELECT donation_id FROM receipt_change)) x WHERE x.said <> x.remaining",
        "offline donation {0}: the receipt says {1:{3}}, but {2:{3}} remains",
        "gift:{0}",
        "gift stated remaining currency",
    ),
}
