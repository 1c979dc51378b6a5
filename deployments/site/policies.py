"""What a browser may do with a page of the site: one content security policy per area, and headers for all.

Invariant: no page may load anything from elsewhere, send a form, or be shown in a frame. Only the two areas whose
pages are self-contained may use what is written inside a page.
"""

from __future__ import annotations

from typing import Final

from fix_transforms.marts.docs import DBT_POLICY

_ALWAYS: Final = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

#: Our own pages: a style sheet of the site, nothing else.
OWN: Final = f"default-src 'none'; style-src 'self'; {_ALWAYS}"

#: Area → its policy. A report is one file with its styles inside; dbt's page is one file with its program inside.
POLICIES: Final = {
    "data-docs": OWN,
    "dbt": f"{DBT_POLICY}; frame-ancestors 'none'",
    "reports": f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; {_ALWAYS}",
}

HEADERS: Final = {
    # Kept by browsers, asked for again every time: a fresh page is seen at once.
    "cache-control": "no-cache",
    "content-security-policy": OWN,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
