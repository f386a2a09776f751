"""The treasurer's side: balance transactions and payouts (balance_transactions, payout_allocation), bank statements
read and imported (readers, statements), statement lines matched and entered (matching, statement_line_entries), files
of the accounts (exports, fund_statement), Stripe's reports (stripe_reports). No HTTP, and no call to Stripe, here."""
