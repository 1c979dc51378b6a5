{{ config(materialized='ephemeral') }}
{#- Intervals that one message carries both ends of: inside its sender, and on its way to the logger. A drop copy left
    its sender when somebody else was told, so it measures neither. -#}
with events as (
    select * from {{ ref('fct_order_events') }}
    where
        {{ in_changed_dates('order_date', 'int_order_date_changes') }}
        and not is_poss_dup and not is_poss_resend and not is_copy and event_type <> 'status'
)

select
    order_key,
    order_date,
    trading_date,
    event_at,
    session_id,
    symbol,
    'sender_internal' as measure,
    'sender' as clocks,
    order_event_key as from_message_id,
    order_event_key as to_message_id,
    transacted_at as started_at,
    sent_at as ended_at,
    case when sender_latency_us is not null then sent_digits else 0 end as digits
from events
where msg_type in ('8', '9') and transacted_at is not null and sent_at is not null

union all

select
    order_key,
    order_date,
    trading_date,
    event_at,
    session_id,
    symbol,
    'transit' as measure,
    'two_clocks' as clocks,
    order_event_key as from_message_id,
    order_event_key as to_message_id,
    sent_at as started_at,
    logged_at as ended_at,
    case when transit_latency_us is not null then sent_digits else 0 end as digits
from events
where msg_type in ('8', '9') and direction = 'in' and logged_at is not null and sent_at is not null
