"""`python -m tests.bench.clients URL`: run every check of that ledger; prints a line of JSON with its cost."""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import UTC, datetime

from donations import create_app, ledger
from donations.database import snapshot
from donations.extensions import db
from tests.fixtures.settings import environ_for


def main() -> None:
    app = create_app(environ_for(sys.argv[1]))
    with app.app_context():
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        with snapshot() as conn:
            report = ledger.check(conn, datetime.now(UTC))
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        db.session.remove()
        db.engine.dispose()
    for finding in report.findings[:5]:
        print(finding)
    figures = {"seconds": seconds, "postings": report.postings, "findings": len(report.findings)}
    print(json.dumps({**figures, "peak_mb": peak / 1024, "before_mb": before / 1024}))


if __name__ == "__main__":
    main()
