with stretches as (
    select * from {{ source('lake', 'quarantine') }}
)

select
    md5(concat_ws('|', file_id, reason)) as quarantine_file_key,
    file_id,
    reason,
    cast(count(*) as bigint) as stretches,
    cast(sum(byte_length) as bigint) as bytes,
    min(ingested_at) at time zone 'UTC' as first_ingested_at,
    max(ingested_at) at time zone 'UTC' as last_ingested_at
from stretches
group by file_id, reason
