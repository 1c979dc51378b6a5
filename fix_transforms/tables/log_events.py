"""``log_events``: lines that are not FIX messages but belong to the log, such as an engine's own remarks."""

import polars as pl

from fix_transforms.tables import columns as c
from fix_transforms.tables.spec import Check, Column, Table

LOG_EVENTS = Table(
    name="log_events",
    grain="line that is not a FIX message",
    description="What engines wrote between messages: logons initiated, disconnects, comments. Masked like messages.",
    columns=(
        c.FILE_ID,
        c.BYTE_OFFSET,
        c.BYTE_LENGTH,
        c.LINE_NUMBER,
        c.BATCH_ID,
        c.INGESTED_AT,
        *c.LOG_TIME,
        Column(
            "text",
            pl.String,
            "The line, masked, control characters escaped, cut at 4,096 characters.",
            nullable=False,
            free_text=True,
        ),
    ),
    primary_key=("file_id", "byte_offset"),
    sort_by=("file_id", "byte_offset"),
    checks=(Check("byte_length_positive", "byte_length > 0"),),
)
