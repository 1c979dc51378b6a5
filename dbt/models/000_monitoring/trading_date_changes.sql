{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_dates('trading_date', 'int_mart_date_changes') }}",
) }}
{#- The changes of one build are gone with the next, published or not: this keeps them for whoever derives something
    per trading date from the snapshots. A date whose messages have all left has no row. -#}
with minutes as (
    select * from {{ ref('agg_kpi_m1') }}
    where {{ in_changed_dates('trading_date', 'int_mart_date_changes') }}
)

select distinct
    trading_date,
    current_timestamp at time zone 'UTC' as changed_at
from minutes
