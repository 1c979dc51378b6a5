-- Minutes count exactly the effective fills, whenever the bust or correction arrived.
with minutes as (
    select
        trading_date,
        sum(fills) as fills
    from {{ ref('agg_kpi_m1') }}
    group by trading_date
),

executions as (
    select
        trading_date,
        count(*) filter (where is_effective) as fills
    from {{ ref('fct_executions') }}
    where executed_at is not null
    group by trading_date
)

select
    minutes.trading_date,
    minutes.fills,
    executions.fills as executed
from minutes
left join executions on minutes.trading_date = executions.trading_date
where minutes.fills <> coalesce(executions.fills, 0)
