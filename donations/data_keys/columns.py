"""Every column that holds something sealed or hashed with a data key. A test compares it with the models."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Column, ColumnElement, Table, func, select
from sqlalchemy.engine import Connection

from donations.data_keys.offline import HEAD
from donations.data_keys.seals import head
from donations.extensions import db

# (table, column) -> what the seal is bound to, made of columns of the same row.
SEALED = {
    ("statement_line", "details_sealed"): "bank_line:{id}:details",
    ("statement_line_version", "details_sealed"): "bank_line_version:{id}:details",
    ("data_key", "lookup_sealed"): "data_key:{key_id}:lookup",
    ("payment_request", "payee_sealed"): "disbursement:{form_key}:payee",
    ("donation", "email_sealed"): "donation:{reference}:email",
    ("donation", "message_sealed"): "donation:{reference}:message",
    ("donation", "name_sealed"): "donation:{reference}:name",
    ("donation", "signed_sealed"): "donation:{reference}:signed",
    ("donation_check", "fields_sealed"): "donation_check:{code}:fields",
    ("kept_form", "sent_sealed"): "kept_form:{code}:sent",
    ("statement_line_question", "details_sealed"): "line_question:{id}:details",
    ("mail", "recipient_sealed"): "mail:{dedupe_key}:recipient",
    ("offline_request", "email_sealed"): "offline_request:{id}:email",
    ("branch_return", "words_sealed"): "pay_in:{id}:words",
    ("receipt", "person_sealed"): "receipt:{label}:person",
    ("staff", "email_sealed"): "staff:{fs_uniquifier}:email",
    ("staff", "name_sealed"): "staff:{fs_uniquifier}:name",
    ("staff", "totp_sealed"): "staff:{fs_uniquifier}:totp",
    ("staff", "totp_waiting_sealed"): "staff:{fs_uniquifier}:totp",
    ("staff_change", "details_sealed"): "staff_change:{reference}:details",
    ("stripe_event", "payload_sealed"): "event:{id}:payload",
    ("subscriber", "email_sealed"): "subscription:{reference}:email",
}
# (table, sealed column) -> the hash beside it that is made of the same text, and its purpose.
HASHED = {
    ("donation", "email_sealed"): ("email_hash", "email"),
    ("staff", "email_sealed"): ("email_hash", "staff email"),
    ("subscriber", "email_sealed"): ("email_hash", "following"),
}
# Hashes whose text is stored nowhere, or that name other things: they stay under the first key.
LASTING_HASHES = {
    ("bank_account", "identifier_hash"),
    ("statement_line", "dedupe_key"),  # Entries are named by it.
    ("statement_line", "payer_hash"),
    ("statement_line_evidence", "hash"),
    ("throttle", "key_hash"),
    ("checkout_opening", "network_hash"),
    ("statement_line_question", "dedupe_key"),
    ("match_rule", "payer_hash"),
    ("offline_donation", "payer_hash"),
    ("recovery_code", "code_hash"),
    ("staff_session", "address_hash"),
    ("stripe_event", "email_hash"),
}
NO_KEY = {
    ("data_key", "check_value"),
    ("offline_key", "public_key"),
    ("offline_unlock", "key_wrapped"),  # under what only the cookie of its session holds
    ("passkey", "credential_id"),
    ("passkey", "public_key"),
    ("staff_session", "key_hash"),  # plain SHA-256 of a random key
}


def table_of(name: str) -> Table:
    return db.metadata.tables[name]


def is_sealed_offline(column: Column[bytes]) -> ColumnElement[bool]:
    """The condition that a value was sealed to an offline key."""
    return func.substr(column, 1, len(HEAD)) == HEAD


def needed(conn: Connection, key_ids: Iterable[str]) -> dict[str, int]:
    """How many sealed values need each of these keys; under "" how many need yet another. What is sealed with the
    offline key needs none of ours."""
    found = dict.fromkeys([*key_ids, ""], 0)
    for table_name, column_name in SEALED:
        table = table_of(table_name)
        column = table.c[column_name]
        counts = [func.count().filter(func.substr(column, 1, len(head(one))) == head(one)) for one in found if one]
        ours = func.count(column).filter(~is_sealed_offline(column))
        total, *each = conn.execute(select(ours, *counts).select_from(table)).one()
        for key_id, count in zip((one for one in found if one), each, strict=True):
            found[key_id] += count
        found[""] += total - sum(each)
    return found
