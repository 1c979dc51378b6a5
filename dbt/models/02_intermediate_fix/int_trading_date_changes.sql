{#- Trading dates that this build recomputes: those of every file that came or went. -#}
with changes as (
    select * from {{ ref('int_landing_changes') }}
),

landed as (
    select * from {{ ref('landing_fix') }}
),

added as (
    select distinct landed.business_date as trading_date
    from landed
    semi join changes on landed.file_id = changes.file_id
),

removed as (
    select business_date as trading_date
    from changes
    where change = 'removed'
)

select trading_date from added
union
select trading_date from removed
