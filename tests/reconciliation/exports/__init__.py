"""The ledger in files: each format read back by another program's reader, or a small one of ours."""
