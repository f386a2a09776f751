"""What treasurers and auditors see: the money. No supporters' pages, no accounts of staff."""
