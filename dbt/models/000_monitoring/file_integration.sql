with files as (
    select * from {{ source('lake', 'ingested_files') }}
),

decisions as (
    select * from {{ source('lake', 'batch_decisions') }}
),

visible as (
    select * from {{ ref('int_visible_files') }}
),

landed as (
    select
        file_id,
        count(*) as integrated_messages
    from {{ ref('landing_fix') }}
    group by file_id
),

latest_decisions as (
    select
        batch_id,
        arg_max(decision, decision_number) as decision,
        arg_max(decided_by, decision_number) as decided_by,
        max(decided_at) as decided_at
    from decisions
    group by batch_id
)

select
    files.file_id,
    files.batch_id,
    files.object_key,
    files.status as file_status,
    latest_decisions.decision as batch_decision,
    latest_decisions.decided_by,
    case
        when files.status in ('rejected', 'unreadable') then files.status
        when latest_decisions.decision is null then 'waiting'
        when latest_decisions.decision not in ('passed', 'released') then 'held'
        when visible.file_id is null then 'superseded'
        when files.messages = 0 then 'nothing_to_integrate'
        when coalesce(landed.integrated_messages, 0) = files.messages then 'integrated'
        else 'incomplete'
    end as integration_status,
    files.object_bytes,
    files.content_bytes,
    files.message_bytes,
    files.log_event_bytes,
    files.decoration_bytes,
    files.quarantined_bytes,
    files.unaccounted_bytes,
    files.messages,
    cast(coalesce(landed.integrated_messages, 0) as bigint) as integrated_messages,
    files.quarantined,
    files.log_events,
    epoch(files.ingested_at - files.last_modified) as ingest_lag_seconds,
    epoch(files.ingested_at - files.last_sending_time) as message_lag_seconds,
    epoch(latest_decisions.decided_at - files.ingested_at) as decision_lag_seconds,
    files.last_sending_time at time zone 'UTC' as last_sent_at,
    files.last_modified at time zone 'UTC' as last_modified_at,
    files.ingested_at at time zone 'UTC' as ingested_at,
    latest_decisions.decided_at at time zone 'UTC' as decided_at
from files
left join latest_decisions on files.batch_id = latest_decisions.batch_id
left join visible on files.file_id = visible.file_id
left join landed on files.file_id = landed.file_id
