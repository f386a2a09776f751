"""The people who run the fund: who they are, what they prove it with, their sessions. Knows nothing of HTTP; a person's
name and address are unsealed only where they are shown or mailed."""

from donations.staff.people import (
    change_password,
    change_roles,
    count_active,
    disable,
    email_of,
    enable,
    find,
    find_by_email,
    forget_factors,
    invite,
    join,
    listed,
    name_of,
    send_reset_link,
)

__all__ = [
    "change_password",
    "change_roles",
    "count_active",
    "disable",
    "email_of",
    "enable",
    "find",
    "find_by_email",
    "forget_factors",
    "invite",
    "join",
    "listed",
    "name_of",
    "send_reset_link",
]
