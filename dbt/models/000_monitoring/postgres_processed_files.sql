{#- What became of each object version. The name is kept for those who query it; the content comes from the lake,
    from which the ledger in PostgreSQL is rebuilt, so it is there without PostgreSQL too. -#}
with files as (
    select * from {{ source('lake', 'ingested_files') }}
)

select
    file_id,
    batch_id,
    bucket,
    object_key,
    version_id,
    etag,
    supersedes_file_id,
    status,
    detail,
    compression,
    object_bytes,
    content_bytes,
    messages,
    quarantined,
    log_events,
    is_replacement,
    parser_version,
    parse_seconds,
    last_modified at time zone 'UTC' as last_modified_at,
    ingested_at at time zone 'UTC' as processed_at
from files
