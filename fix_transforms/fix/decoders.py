"""Which decoder reads a file: the reference, or the compiled pass with the reference behind it.

Invariant: the rows are the same. The compiled pass steps aside where lines were declared, where every message is
to be validated, and for the first part of a file, so that short ones do not pay for its start; with ``auto``, also
for as long as it is still being compiled.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fix_transforms.fix.framing import Framer
from fix_transforms.fix.scanner import FIELDS, MESSAGE_BYTES
from fix_transforms.fix.session_versions import SessionVersions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fix_transforms.fix.options import ParseOptions
    from fix_transforms.fix.scanner.ahead import Ahead

#: Input from which ``auto`` starts the compiled pass: less is read sooner than it is loaded.
AUTO_BYTES = 1024 * 1024


def framer_for(chunks: Iterable[bytes], options: ParseOptions, versions: SessionVersions) -> Framer:
    """The framer of a file, looking ahead with the compiled pass where the options allow it."""
    scans = options.decoder != "simplefix" and options.rules is None and not options.validate and _has_room(options)
    return Framer(
        chunks,
        options.max_message_bytes,
        options.start_offset,
        options.first_line_number,
        options.rules,
        ahead=partial(_ahead, options, versions) if scans else None,
        ahead_from=AUTO_BYTES if options.decoder == "auto" else 0,
    )


def _has_room(options: ParseOptions) -> bool:
    """Whether the limits allow all that the compiled pass takes: it has limits of its own and knows no others."""
    return options.max_message_bytes >= 2 * MESSAGE_BYTES and options.max_fields_per_message >= FIELDS


def _ahead(options: ParseOptions, versions: SessionVersions, chunks: Iterator[bytes]) -> Ahead | None:
    """The compiled pass; none yet where ``auto`` would have to wait for the compiler."""
    from fix_transforms.fix.scanner.ahead import Ahead

    if options.decoder == "auto":
        from fix_transforms.fix.scanner.readiness import is_ready

        if not is_ready():
            return None
    return Ahead(chunks, versions, options.threads, pseudonyms=options.mask_key is not None)


def versions_for(options: ParseOptions) -> SessionVersions:
    """Which dictionaries the messages of a file are read with."""
    begin_string = options.rules.begin_string if options.rules is not None else None
    return SessionVersions(options.dialects, options.agreed_versions, begin_string)
