"""The worker: mail, looks at sessions, movements, periodic jobs, and the processes themselves."""
