"""The floor under a total: a bare Flask view that sends the bytes and headers of an answer of ours, and its 304."""

from __future__ import annotations

import json
import os
from pathlib import Path

from flask import Flask, Response, request

_given = json.loads(Path(os.environ["BARE_ANSWER"]).read_text(encoding="utf-8"))
BODY, HEADERS, ETAG = bytes.fromhex(_given["body"]), [tuple(pair) for pair in _given["headers"]], _given["etag"]
app = Flask(__name__)


@app.get("/appeals/<slug>/total")
def total(slug: str) -> Response:
    if request.headers.get("If-None-Match") == ETAG:
        return Response(status=304, headers=HEADERS)
    return Response(BODY, headers=HEADERS)
