"""The worker: mail, looks at sessions, balance transactions, periodic jobs, and the processes themselves."""
