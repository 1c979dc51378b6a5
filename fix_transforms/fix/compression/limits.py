"""How much an input may grow, and the count that holds it to that.

Invariant: a ``Meter`` lets no byte pass that breaks its limits; what it says of the place is how many bytes of
content came out before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fix_transforms.errors import DecompressionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fix_transforms.fix.compression.source import Source
    from fix_transforms.settings import Settings

_GIBIBYTE = 1024**3


@dataclass(frozen=True, slots=True)
class Limits:
    """How much an input may grow.

    Attributes:
        max_output_bytes: Most bytes that come out.
        max_ratio: Most bytes out per byte in, once ``ratio_floor_bytes`` came out.
        max_members: Most members of an archive, folders and members of archives inside it included.
        ratio_floor_bytes: Below this, any ratio is fine: short logs compress well.
    """

    max_output_bytes: int = 64 * _GIBIBYTE
    #: FIX logs shrink to between a tenth and a fiftieth; deflate can do no more than 1:1,032.
    max_ratio: float = 250.0
    #: A day's logs of a large desk are some hundreds of files.
    max_members: int = 10_000
    ratio_floor_bytes: int = 64 * 1024 * 1024

    @classmethod
    def from_settings(cls, settings: Settings) -> Limits:
        """Take the limits that the operator set."""
        return cls(
            max_output_bytes=settings.max_uncompressed_bytes,
            max_ratio=settings.max_compression_ratio,
            max_members=settings.max_archive_members,
        )


class Meter:
    """Counts what comes out of one source, at one level of nesting.

    Args:
        source: What is read.
        limits: How much may come out of it.
        what: What it is, for messages.
    """

    def __init__(self, source: Source, limits: Limits, what: str) -> None:
        self._source = source
        self._limits = limits
        self._what = what
        self.given = 0

    def pass_on(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Hand on the pieces up to the byte at which they break a limit.

        Raises:
            DecompressionError: They do.
        """
        for piece in pieces:
            room = self._allowed() - self.given
            if len(piece) > room:
                piece = piece[: max(0, room)]
                self.given += len(piece)
                yield piece
                raise self._refusal()
            self.given += len(piece)
            yield piece

    def _allowed(self) -> int:
        limits = self._limits
        by_ratio = max(limits.ratio_floor_bytes, int(limits.max_ratio * self._source.position))
        return min(limits.max_output_bytes, by_ratio)

    def _refusal(self) -> DecompressionError:
        limits, given = self._limits, self.given
        if given >= limits.max_output_bytes:
            return DecompressionError(
                f"{self._what} input is too large", got=f"over {given} bytes", expected=f"at most {given}"
            )
        return DecompressionError(
            f"{self._what} input grows suspiciously",
            got=f"over {given} bytes out of {self._source.position}",
            expected=f"at most {limits.max_ratio:g} to 1",
        )
