"""``batch_decisions``: whether a batch is in the marts; the latest decision counts."""

import polars as pl

from fix_transforms.tables import columns as c
from fix_transforms.tables.spec import TIMESTAMP, Column, Table

BATCH_DECISIONS = Table(
    name="batch_decisions",
    grain="decision about a batch",
    description="The audit trail of batches: passed or held by the suites, released or held by a person.",
    columns=(
        c.BATCH_ID,
        Column(
            "decision_number",
            pl.Int64,
            "Order of the decisions about one batch, from 1; the highest counts.",
            nullable=False,
        ),
        Column(
            "decision",
            pl.String,
            "passed and released batches are in the marts; failed, error and held ones are not.",
            nullable=False,
            allowed=("passed", "failed", "error", "released", "held"),
        ),
        Column("decided_by", pl.String, "suite, or the name of the user who decided.", nullable=False),
        Column("reason", pl.String, "Why.", nullable=False),
        Column("decided_at", TIMESTAMP, "When.", unit="UTC", nullable=False),
    ),
    primary_key=("batch_id", "decision_number"),
    sort_by=("batch_id", "decision_number"),
)
