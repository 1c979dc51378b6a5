with results as (
    select * from {{ source('lake', 'quality_results') }}
),

latest_runs as (
    select
        batch_id,
        arg_max(validation_id, validated_at) as validation_id
    from results
    group by batch_id
)

select
    md5(concat_ws('|', results.batch_id, results.validation_id, results.table_name, results.rule)) as quality_outcome_key,
    results.batch_id,
    results.validation_id,
    results.table_name,
    results.rule,
    results.severity,
    case when results.outcome = 'failed' and results.severity = 'warning' then 'warning' else results.outcome end as verdict,
    results.detail,
    results.rows_evaluated,
    results.rows_failed,
    results.validation_id = latest_runs.validation_id as is_latest,
    results.validated_at at time zone 'UTC' as validated_at
from results
inner join latest_runs on results.batch_id = latest_runs.batch_id
