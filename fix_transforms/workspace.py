"""``Workspace``: what every step is given. Where logs land, where tables lie, and the settings for the rest.

Invariant: steps take their locations from here and never from the settings, because a deployment may have
got the credentials from elsewhere (Prefect blocks) than the environment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fix_transforms.lake.locations import Location
    from fix_transforms.settings import Settings


@dataclass(frozen=True, slots=True)
class Workspace:
    """One landing, one lake and the settings that go with them."""

    settings: Settings
    landing: Location
    lake: Location

    @classmethod
    def from_settings(cls, settings: Settings) -> Workspace:
        """Take the locations from the settings: embedded mode and the command line."""
        return cls(settings=settings, landing=settings.landing, lake=settings.lake)
