"""The skeleton of every HTML page that this project writes itself.

Invariant: no page runs a script, and the title is escaped; what is in the body was escaped by whoever made it.
"""

from __future__ import annotations

from html import escape

_FIXED = "base-uri 'none'; form-action 'none'"

#: What a page may load that has a style sheet beside it, and one that has its styles inside.
LINKED_STYLE_POLICY = f"default-src 'none'; style-src 'self'; {_FIXED}"
INLINE_STYLE_POLICY = f"default-src 'none'; style-src 'unsafe-inline'; {_FIXED}"


def html_page(title: str, body: str, *, stylesheet: str = "", css: str = "") -> str:
    """A whole page, with a policy that lets it load its style and nothing else.

    Args:
        title: Plain text.
        body: HTML of what is inside ``main``.
        stylesheet: Address of the style sheet, relative to the page.
        css: The styles themselves, instead of an address.
    """
    policy = LINKED_STYLE_POLICY if stylesheet else INLINE_STYLE_POLICY
    style = f'<link rel="stylesheet" href="{escape(stylesheet)}">' if stylesheet else f"<style>{css}</style>"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
{style}
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
