"""`python -m donations.cli` is `donations`."""

from donations.cli import main

main()
