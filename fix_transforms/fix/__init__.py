"""The protocol: bytes in, typed columns out.

Invariant: nothing in this package does I/O. ``parse`` never raises for what is in a file: bad data is a row in
``quarantine``, and every byte is accounted for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fix_transforms.fix.assembly import ChunkBuilder
from fix_transforms.fix.decoders import framer_for, versions_for
from fix_transforms.fix.line_roles import settle_roles
from fix_transforms.fix.options import ParsedChunk, ParseOptions, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["ParseOptions", "ParsedChunk", "Tally", "parse"]


def parse(chunks: Iterable[bytes], options: ParseOptions | None = None) -> Iterator[ParsedChunk]:
    """Read one file: any stream of bytes with FIX messages in it.

    Args:
        chunks: Its bytes, uncompressed, cut anywhere.
        options: How to read it.

    Yields:
        Chunks of up to 30,000 messages, in the order of the file; at least one, even for an empty file.
        The same rows come however the bytes are cut.
    """
    options = options or ParseOptions()
    versions = versions_for(options)
    framer = framer_for(chunks, options, versions)
    builder = ChunkBuilder(options, versions)
    for segment in settle_roles(framer, options.rules):
        if not builder.has_room_for(segment):
            yield builder.flush(end=None, resume_offset=options.start_offset, resume_line=options.first_line_number)
        builder.add(segment)
    yield builder.flush(
        end=options.start_offset + framer.bytes_read,
        resume_offset=framer.resume_offset,
        resume_line=framer.resume_line,
    )
