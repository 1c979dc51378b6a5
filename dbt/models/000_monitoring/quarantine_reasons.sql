{#- All reasons that ingestion knows are listed, so that 0 is an answer; one it did not know would be shown too. -#}
with known (reason, description) as (
    values
    ('truncated', 'A message that ends too early.'),
    ('garbled', 'A message that cannot be told apart into fields.'),
    ('fragment', 'FIX fields without BeginString(8) and CheckSum(10) around them.'),
    ('binary', 'Bytes that are no text.'),
    ('too_long', 'More bytes than a message may have.'),
    ('too_many_fields', 'More fields than a message may have.'),
    ('undecodable', 'A message that no decoder can read.'),
    ('decompression', 'A compressed object that is damaged, or expands too far.')
),

by_file as (
    select * from {{ ref('quarantine_by_file') }}
),

counted as (
    select
        reason,
        sum(stretches) as stretches,
        count(*) as files,
        sum(bytes) as bytes,
        min(first_ingested_at) as first_ingested_at,
        max(last_ingested_at) as last_ingested_at
    from by_file
    group by reason
)

select
    coalesce(known.reason, counted.reason) as reason,
    known.description,
    cast(coalesce(counted.stretches, 0) as bigint) as stretches,
    cast(coalesce(counted.files, 0) as bigint) as files,
    cast(coalesce(counted.bytes, 0) as bigint) as bytes,
    counted.first_ingested_at,
    counted.last_ingested_at
from known
full join counted on known.reason = counted.reason
