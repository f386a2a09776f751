"""The WSGI entry: `flask --app wsgi` and the server both take the app from here."""

from donations import create_app

app = create_app()
