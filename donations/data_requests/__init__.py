"""What people may ask of us about themselves: what is kept of an email address, a copy of it, and its erasure. Asked
for by a mailed link, or carried out by a treasurer who answers a letter. docs/personal-data.md says what is found."""

from __future__ import annotations

from donations.data_requests.copies import as_json
from donations.data_requests.erasure import Erased, erase
from donations.data_requests.links import ask, email_of, link_token
from donations.data_requests.lookup import Kept, find, is_known

__all__ = ["Erased", "Kept", "as_json", "ask", "email_of", "erase", "find", "is_known", "link_token"]
