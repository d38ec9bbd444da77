"""Answer with a report as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from migrator.reporting.report.model import Report


def report_response(report: Report) -> Response:
    """Return a report as a page, with the policy that is in its head as a header too."""
    from migrator.reporting.report.html import content_security_policy, html_page

    headers = {
        "Content-Security-Policy": f"{content_security_policy()}; frame-ancestors 'none'",
        "Cache-Control": "no-store",
    }
    return Response(html_page(report), headers=headers, media_type="text/html")
