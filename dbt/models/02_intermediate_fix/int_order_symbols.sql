{{ config(materialized='ephemeral') }}
{#- The instrument of every chain of identifiers, also of one that is no order: a cancel request for nothing known. -#}
with events as (
    select * from {{ ref('fct_order_events') }}
)

select
    order_key,
    arg_min(symbol, event_number) filter (where symbol is not null) as symbol
from events
group by order_key
