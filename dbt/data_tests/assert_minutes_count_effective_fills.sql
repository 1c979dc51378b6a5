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
        traded_on as trading_date,
        count(*) as fills
    from {{ ref('fct_executions') }}
    where is_effective and traded_at is not null
    group by traded_on
)

select
    minutes.trading_date,
    minutes.fills,
    executions.fills as executed
from minutes
left join executions on minutes.trading_date = executions.trading_date
where minutes.fills <> coalesce(executions.fills, 0)
