"""Regular expressions that an operator declares: compiled, and refused where they could take exponential time.

Invariant: every pattern that reaches a log line was compiled here. It is only ever matched against one line, cut
at ``MATCHED_BYTES``, so that what backtracking remains is bounded; ``++``, ``*+`` and ``(?>…)`` have none at all.
"""

from __future__ import annotations

import re

#: How much of a line a declared pattern sees.
MATCHED_BYTES = 16 * 1024
_LONGEST_PATTERN = 2000
_TOKEN = re.compile(
    r"(?P<skipped>\\.|\[\^?\]?(?:\\.|[^\]\\])*\])"
    r"|(?P<open>\((?:\?(?:P<\w+>|P=\w+|<[=!]|[a-zA-Z-]+:|[:>=!#]|[a-zA-Z]+))?)"
    r"|(?P<close>\))"
    r"|(?P<repeat>[*+]|\{[0-9]*(?P<comma>,?)(?P<most>[0-9]*)\})(?P<possessive>\+?)",
    re.DOTALL,
)


def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern for text, such as the prefix of a message.

    Raises:
        ValueError: It is too long, no regular expression, or repeats a repetition.
    """
    if len(pattern) > _LONGEST_PATTERN:
        raise ValueError(f"has {len(pattern)} characters, at most {_LONGEST_PATTERN} expected")
    try:
        found = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"is no regular expression: {error}") from None
    if _repeats_a_repetition(pattern):
        raise ValueError(
            "repeats a group that itself repeats without end, which may take exponential time;"
            " write ++ or *+ for the inner or the outer repetition"
        )
    return found


def compiled_bytes(pattern: str) -> re.Pattern[bytes]:
    """Compile a pattern for the bytes of a line; raises ``ValueError`` as ``compiled`` does, and for other than ASCII."""
    compiled(pattern)
    if not pattern.isascii():
        raise ValueError("has a character outside ASCII; write it as \\xHH, by the bytes that are in the log")
    return re.compile(pattern.encode("ascii"))


def alternatives(markers: tuple[str, ...]) -> str:
    """A pattern for any of some literal markers; one that starts or ends in a letter or digit is a whole word there."""
    return "|".join(
        (r"(?<!\w)" if marker[:1].isalnum() else "") + re.escape(marker) + (r"(?!\w)" if marker[-1:].isalnum() else "")
        for marker in sorted(markers, key=len, reverse=True)
    )


def _repeats_a_repetition(pattern: str) -> bool:
    """Whether a repetition encloses an endless one, and both can go back, as in ``(a+)+``."""
    endless = [False]  # of each open group: whether it holds an endless repetition that can go back
    atomic: list[bool] = []
    closed = False, -1  # the group that was closed last: whether it was endless, and where it ended
    for token in _TOKEN.finditer(pattern):
        if token["open"]:
            atomic.append(token["open"] == "(?>")
            endless.append(False)
        elif token["close"] and atomic:
            is_atomic = atomic.pop()
            inner = endless.pop() and not is_atomic
            closed = inner, token.end()
            endless[-1] = endless[-1] or inner
        elif token["repeat"] and not token["possessive"]:
            if closed == (True, token.start()):
                return True
            endless[-1] = endless[-1] or token["repeat"] in "*+" or bool(token["comma"] and not token["most"])
    return False
