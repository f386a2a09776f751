"""The floor under webhook ingestion: a bare Flask endpoint that verifies the signature and commits one event, one
donation and four postings by raw SQL. What a machine can do at all, against which ours is measured."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import threading

import psycopg
import stripe
from flask import Flask, Response, request

SECRET = os.environ["FLOOR_SECRET"]
TARGET = os.environ["FLOOR_DATABASE"]
TABLES = (
    "CREATE TABLE event (id text PRIMARY KEY, type text, payload text)",
    "CREATE TABLE donation (id text PRIMARY KEY, amount bigint, currency text)",
    "CREATE TABLE posting (event text, line integer, account integer, amount bigint, PRIMARY KEY (event, line))",
)
app = Flask(__name__)
_own = threading.local()
_thread_lock = threading.Lock()


def make_tables() -> None:
    """Once, before the server starts."""
    connection = _connect()
    for table in TABLES:
        connection.execute(table)
    if isinstance(connection, psycopg.Connection):
        connection.commit()


@app.post("/webhooks/stripe")
def webhook() -> Response:
    raw = request.get_data()
    stripe.WebhookSignature.verify_header(raw.decode(), request.headers["Stripe-Signature"], SECRET, 300)
    event = json.loads(raw)
    if TARGET.startswith("sqlite:"):
        with _thread_lock, open(f"{TARGET.removeprefix('sqlite:///')}.lock", "w") as lock:
            # The same courtesy between writers that ours has; without it they starve each other.
            fcntl.flock(lock, fcntl.LOCK_EX)
            connection = _connection()
            connection.execute("BEGIN IMMEDIATE")
            _write(connection, event, raw.decode(), "?")
            connection.execute("COMMIT")
    else:
        connection = _connection()
        _write(connection, event, raw.decode(), "%s")
        connection.commit()
    return Response('{"ok":true}', mimetype="application/json")


def _write(connection, event, text, mark) -> None:  # type: ignore[no-untyped-def]
    charge = event["data"]["object"]
    connection.execute(f"INSERT INTO event VALUES ({mark}, {mark}, {mark})", (event["id"], event["type"], text))
    connection.execute(
        f"INSERT INTO donation VALUES ({mark}, {mark}, {mark})", (charge["id"], charge["amount"], charge["currency"])
    )
    for line, (account, amount) in enumerate(((1105, 1), (4000, -1), (1105, 2), (4000, -2))):
        connection.execute(
            f"INSERT INTO posting VALUES ({mark}, {mark}, {mark}, {mark})", (event["id"], line, account, amount)
        )


def _connection():  # type: ignore[no-untyped-def]
    if not hasattr(_own, "connection"):
        _own.connection = _connect()
    return _own.connection


def _connect():  # type: ignore[no-untyped-def]
    if not TARGET.startswith("sqlite:"):
        return psycopg.connect(TARGET)
    connection = sqlite3.connect(TARGET.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection
