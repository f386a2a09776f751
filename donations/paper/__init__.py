"""PDF documents and pictures: receipts, annual donation statements, statements of funds, posters, QR codes and social
cards. The content is put together here and handed to typst as data; the layout is in templates/pdf/. No HTTP, no
database writes."""

from donations.paper.amounts_in_words import in_words, method, no_longer_counts
from donations.paper.codes import qr_png, qr_svg
from donations.paper.funds import funds_pdf
from donations.paper.receipt import receipt_pdf
from donations.paper.sharing import Card, Poster, card_png, card_words, poster_pdf
from donations.paper.statement import statement_pdf
from donations.paper.typst_documents import TURNING, edition

__all__ = [
    "TURNING", "Card", "Poster", "card_png", "card_words", "edition", "funds_pdf", "in_words", "method",
    "no_longer_counts", "poster_pdf", "qr_png", "qr_svg", "receipt_pdf", "statement_pdf",
]  # fmt: skip
