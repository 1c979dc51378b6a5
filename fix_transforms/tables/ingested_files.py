"""``ingested_files``: the ledger inside the lake; a row here decides which batch an object version belongs to."""

import polars as pl

from fix_transforms.tables import columns as c
from fix_transforms.tables.spec import TIMESTAMP, Check, Column, Table

INGESTED_FILES = Table(
    name="ingested_files",
    grain="object version ingested",
    description="Which object versions were read, when, by which version of the parser, and where each of their bytes went.",
    columns=(
        c.FILE_ID,
        c.BATCH_ID,
        c.INGESTED_AT,
        Column("bucket", pl.String, "Bucket or landing folder.", nullable=False),
        Column("object_key", pl.String, "Key of the object, relative to the landing.", nullable=False, free_text=True),
        Column("version_id", pl.String, "Version of the object, where the store keeps versions."),
        Column("etag", pl.String, "Entity tag of the object."),
        Column("object_bytes", pl.Int64, "Size of the object as stored.", unit="bytes", nullable=False),
        Column("last_modified", TIMESTAMP, "When the object was written.", unit="UTC", nullable=False),
        Column(
            "compression",
            pl.String,
            "Compression found by magic bytes.",
            nullable=False,
            allowed=("none", "gzip", "zstd", "bz2", "xz", "lz4", "zip"),
        ),
        Column("content_sha256", pl.String, "SHA-256 over the uncompressed content that was read."),
        Column(
            "status",
            pl.String,
            "What became of the object.",
            nullable=False,
            allowed=("ingested", "no_messages", "empty", "unchanged", "rejected", "unreadable"),
        ),
        Column("detail", pl.String, "Why, where the status needs a reason."),
        Column("supersedes_file_id", pl.String, "Earlier version of the same key that this one continues or replaces."),
        Column("is_replacement", pl.Boolean, "Whether the superseded version's rows no longer count.", nullable=False),
        Column(
            "start_offset",
            pl.Int64,
            "Where reading started: after the last complete message of the version before. Counted as byte_offset is.",
            unit="bytes",
            nullable=False,
        ),
        Column(
            "resume_offset",
            pl.Int64,
            "End of the last complete message or line: where a later version is read from.",
            unit="bytes",
            nullable=False,
        ),
        Column(
            "content_bytes", pl.Int64, "Uncompressed bytes from start_offset to the end.", unit="bytes", nullable=False
        ),
        Column("message_bytes", pl.Int64, "Bytes that are messages.", unit="bytes", nullable=False),
        Column("quarantined_bytes", pl.Int64, "Bytes in quarantine.", unit="bytes", nullable=False),
        Column("log_event_bytes", pl.Int64, "Bytes that are log events.", unit="bytes", nullable=False),
        Column(
            "decoration_bytes",
            pl.Int64,
            "Line ends, prefixes and blanks around messages and events.",
            unit="bytes",
            nullable=False,
        ),
        Column(
            "unaccounted_bytes",
            pl.Int64,
            "Bytes that are none of these: 0, or the parser is wrong.",
            unit="bytes",
            nullable=False,
        ),
        Column("messages", pl.Int64, "Rows in fix_messages.", nullable=False),
        Column("quarantined", pl.Int64, "Rows in quarantine.", nullable=False),
        Column("log_events", pl.Int64, "Rows in log_events.", nullable=False),
        Column("group_fields", pl.Int64, "Rows in fix_group_fields.", nullable=False),
        Column("first_sending_time", TIMESTAMP, "Earliest SendingTime.", unit="UTC"),
        Column("last_sending_time", TIMESTAMP, "Latest SendingTime.", unit="UTC"),
        Column("parser_version", pl.String, "Version of this package.", nullable=False),
        Column("decoder", pl.String, "Decoder that was asked for.", nullable=False),
        Column("parse_seconds", pl.Float64, "Time spent reading and parsing.", unit="s", nullable=False),
        # Added later, and therefore last: a lake made before has it there.
        Column(
            "market_data_entries",
            pl.Int64,
            "Rows in market_data_entries; null in rows that are older than that table.",
        ),
    ),
    primary_key=("file_id",),
    sort_by=("object_key",),
    checks=(Check("no_byte_unaccounted", "unaccounted_bytes = 0"),),
)
