{#- Trading dates whose aggregates change: those with new messages, and those of every order that was recomputed,
    because a bust that arrives today takes a fill out of the day it was made on. -#}
with chains as (
    select * from {{ ref('int_order_chains') }}
)

select trading_date from {{ ref('int_trading_date_changes') }}
union
select trading_date from chains where {{ in_changed_dates('order_date', 'int_order_date_changes') }}
