"""Facts about this installation itself, for start-up, `donations doctor` and `/healthz`: is it the only
one on its database, are the tables ours, is there room. Nothing of appeals or money."""
