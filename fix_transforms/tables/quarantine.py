"""``quarantine``: stretches of bytes that should have been a message and are not, each with its reason."""

import polars as pl

from fix_transforms.tables import columns as c
from fix_transforms.tables.spec import Check, Column, Table

QUARANTINE = Table(
    name="quarantine",
    grain="stretch of bytes that should have been a message and is not",
    description="Torn, garbled, binary or oversized input, with offset, length and reason; nothing is dropped silently.",
    columns=(
        c.FILE_ID,
        c.BYTE_OFFSET,
        c.BYTE_LENGTH,
        c.LINE_NUMBER,
        c.BATCH_ID,
        c.INGESTED_AT,
        Column(
            "reason",
            pl.String,
            "Why it is not a message.",
            nullable=False,
            allowed=(
                "truncated",
                "garbled",
                "fragment",
                "binary",
                "too_long",
                "too_many_fields",
                "undecodable",
                "decompression",
            ),
        ),
        Column("detail", pl.String, "What was got and what was expected.", nullable=False),
        Column(
            "excerpt",
            pl.String,
            "Its first 1,024 bytes, masked, control characters escaped.",
            nullable=False,
            free_text=True,
        ),
    ),
    primary_key=("file_id", "byte_offset"),
    sort_by=("file_id", "byte_offset"),
    checks=(Check("byte_length_positive", "byte_length > 0"),),
)
