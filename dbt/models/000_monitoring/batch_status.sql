with files as (
    select * from {{ source('lake', 'ingested_files') }}
),

decisions as (
    select * from {{ source('lake', 'batch_decisions') }}
),

outcomes as (
    select * from {{ ref('quality_outcomes') }} where is_latest
),

latest_decisions as (
    select
        batch_id,
        arg_max(decision, decision_number) as decision,
        arg_max(decided_by, decision_number) as decided_by,
        arg_max(reason, decision_number) as reason,
        max(decided_at) as decided_at
    from decisions
    group by batch_id
),

judged as (
    select
        batch_id,
        count(*) as rules,
        count(*) filter (where severity = 'critical' and verdict <> 'passed') as rules_failed,
        count(*) filter (where severity = 'warning' and verdict <> 'passed') as rules_warned
    from outcomes
    group by batch_id
),

batches as (
    select
        batch_id,
        count(*) as files,
        sum(messages) as messages,
        sum(quarantined) as quarantined,
        sum(content_bytes) as content_bytes,
        max(ingested_at) as ingested_at
    from files
    group by batch_id
)

select
    batches.batch_id,
    coalesce(latest_decisions.decision, 'waiting') as status,
    latest_decisions.decided_by,
    latest_decisions.reason,
    cast(batches.files as bigint) as files,
    cast(batches.messages as bigint) as messages,
    cast(batches.quarantined as bigint) as quarantined,
    cast(batches.content_bytes as bigint) as content_bytes,
    cast(coalesce(judged.rules, 0) as bigint) as rules,
    cast(coalesce(judged.rules_failed, 0) as bigint) as rules_failed,
    cast(coalesce(judged.rules_warned, 0) as bigint) as rules_warned,
    coalesce(latest_decisions.decision not in ('passed', 'released'), false) as is_held,
    epoch(latest_decisions.decided_at - batches.ingested_at) as decision_lag_seconds,
    batches.ingested_at at time zone 'UTC' as ingested_at,
    latest_decisions.decided_at at time zone 'UTC' as decided_at
from batches
left join latest_decisions on batches.batch_id = latest_decisions.batch_id
left join judged on batches.batch_id = judged.batch_id
