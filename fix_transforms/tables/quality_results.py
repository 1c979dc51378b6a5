"""``quality_results``: what each rule said of each batch; passed, failed and error are three things."""

import polars as pl

from fix_transforms.tables import columns as c
from fix_transforms.tables.spec import TIMESTAMP, Column, Table

QUALITY_RESULTS = Table(
    name="quality_results",
    grain="batch, table and rule",
    description="Outcomes of the Great Expectations suites, per batch. An error says that the rule could not be judged, not that data is bad.",
    columns=(
        c.BATCH_ID,
        Column("validation_id", pl.String, "One run of the suites over the batch: 16 hex digits.", nullable=False),
        Column("table_name", pl.String, "Table that was judged.", nullable=False),
        Column("rule", pl.String, "Name of the rule.", nullable=False),
        Column(
            "severity",
            pl.String,
            "Whether a failure holds the batch out of the marts.",
            nullable=False,
            allowed=("critical", "warning"),
        ),
        Column("outcome", pl.String, "What the rule said.", nullable=False, allowed=("passed", "failed", "error")),
        Column("rows_evaluated", pl.Int64, "Rows the rule looked at.", nullable=False),
        Column("rows_failed", pl.Int64, "Rows that broke it.", nullable=False),
        Column("detail", pl.String, "What was expected, or the error's class. Never a value from the data."),
        Column("validated_at", TIMESTAMP, "When the suites ran.", unit="UTC", nullable=False),
    ),
    primary_key=("batch_id", "validation_id", "table_name", "rule"),
    sort_by=("batch_id", "table_name", "rule"),
)
