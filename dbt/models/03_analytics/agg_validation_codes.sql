with codes as (
    select * from {{ ref('fix_validation_codes') }}
),

errors as (
    select * from {{ ref('agg_validation_errors') }}
),

counted as (
    select
        validation_code,
        sum(messages) as findings,
        count(distinct session_id) as sessions,
        count(distinct tag) as tags,
        min(first_message_at) as first_message_at,
        max(last_message_at) as last_message_at
    from errors
    group by validation_code
)

select
    coalesce(codes.code, counted.validation_code) as validation_code,
    codes.description as code_description,
    codes.session_reject_reason,
    cast(coalesce(counted.findings, 0) as bigint) as findings,
    cast(coalesce(counted.sessions, 0) as bigint) as sessions,
    cast(coalesce(counted.tags, 0) as bigint) as tags,
    counted.first_message_at,
    counted.last_message_at
from codes
full join counted on codes.code = counted.validation_code
