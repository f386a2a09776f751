"""The WSGI entry: `flask --app wsgi` and the server both take the app from here."""

import os
import sys

from donations import create_app
from donations.cli import key_guard, logs

# A thread that holds the database's write lock waits for the interpreter after every statement; by default for up to
# 5 ms if another thread is reckoning. Handing it over sooner costs little and lets the queue move on.
sys.setswitchinterval(0.0005)
os.umask(0o077)  # Whatever is written here is for this user alone.
logs.set_up()

app = create_app()
key_guard.refuse_wrong_keys(app)
