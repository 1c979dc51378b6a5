"""``fix_group_fields``: the fields inside repeating groups, each with its path."""

import polars as pl

from fix_transforms.tables import columns as c
from fix_transforms.tables.spec import Check, Column, Table

FIX_GROUP_FIELDS = Table(
    name="fix_group_fields",
    grain="field inside a repeating group",
    description="Repeating groups, unfolded by the dictionary of the message's version: parties, legs, allocations, market data entries.",
    columns=(
        c.FILE_ID,
        c.MESSAGE_INDEX,
        c.BATCH_ID,
        c.INGESTED_AT,
        c.TRADING_DATE,
        c.TRADING_MONTH,
        Column("position", pl.Int32, "Position of the field in the message, from 0.", nullable=False),
        Column("path", pl.String, "Group instances from the outside in, e.g. 453[1].802[0].", nullable=False),
        Column("counter_tag", pl.Int32, "Tag that counts the innermost group's instances.", nullable=False),
        Column("instance", pl.Int32, "Instance of the innermost group, from 0.", nullable=False),
        Column("depth", pl.Int32, "How many groups enclose the field.", nullable=False),
        Column("tag", pl.Int32, "Tag of the field.", nullable=False),
        Column("value", pl.String, "Value of the field, masked.", free_text=True),
        Column("is_known", pl.Boolean, "Whether the dictionary lists the tag in this group.", nullable=False),
        Column("count_ok", pl.Boolean, "Whether the counter agrees with the instances found.", nullable=False),
    ),
    primary_key=("file_id", "message_index", "position"),
    partition_by=("trading_month",),
    sort_by=("file_id", "message_index", "position"),
    checks=(Check("depth_positive", "depth > 0"),),
)
