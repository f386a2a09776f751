"""The treasurer's side: balance transactions and payouts booked (movements, splits), bank statements read and imported
(readers, statements), lines matched and booked (matching, lines), the books told in files (exports, fund_statement),
Stripe's reports taken in (stripe_reports). No HTTP, and no call of Stripe, here."""
