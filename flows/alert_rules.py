"""When an alert is due: the rules that Prefect variables hold, and the arithmetic of hours and zones.

Invariant: no clock, no server and no store in here. A rule is checked when it is applied and again when it is read,
for a variable can be edited on the server.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator, model_validator

QUARANTINE_BURST = "fixlake_quarantine_burst"
DATA_DUE = "fixlake_data_due"

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class QuarantineBurst(BaseModel):
    """How much one run may quarantine: a burst reaches both the count and the share."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int = Field(ge=1)
    share: float = Field(ge=0, le=1)

    def is_burst(self, quarantined: int, messages: int) -> bool:
        """Whether so many quarantined beside so many messages are a burst."""
        return quarantined >= self.count and quarantined >= self.share * (quarantined + messages)


class DataDue(BaseModel):
    """Where data must keep coming, and when."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    prefix: str
    days: list[Day] = Field(min_length=1)
    begin: time = Field(alias="from")
    end: time = Field(alias="to")
    zone: str
    every_minutes: int = Field(ge=1, le=24 * 60)

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("expected an IANA time zone such as Europe/London") from None
        return name

    @model_validator(mode="after")
    def _in_order(self) -> DataDue:
        if self.begin >= self.end:
            raise ValueError("expected `from` to be before `to`, on one day")
        return self

    def opened_at(self, now: datetime) -> datetime | None:
        """When today's hours began, if it is within them."""
        local = now.astimezone(ZoneInfo(self.zone))
        if DAYS[local.weekday()] not in self.days or not self.begin <= local.time() <= self.end:
            return None
        return datetime.combine(local.date(), self.begin, local.tzinfo).astimezone(UTC)

    def overdue_since(self, now: datetime, latest: datetime | None) -> datetime | None:
        """The instant from which data is waited for, if it has not come for too long.

        Args:
            now: The time.
            latest: When data last came, if it came since the hours began.
        """
        opened = self.opened_at(now)
        if opened is None:
            return None
        since = max(opened, latest) if latest else opened
        return since if now - since >= timedelta(minutes=self.every_minutes) else None


#: Variable → what its value must be.
RULES: dict[str, TypeAdapter[Any]] = {
    QUARANTINE_BURST: TypeAdapter(QuarantineBurst),
    DATA_DUE: TypeAdapter(list[DataDue]),
}
