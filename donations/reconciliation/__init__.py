"""The treasurer's side: balance transactions and payouts booked (movements, splits), bank statements read and imported
(readers, statements), lines matched and booked (matching, lines). No HTTP and no Stripe here."""
