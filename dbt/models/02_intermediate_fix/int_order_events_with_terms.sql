{{ config(materialized='ephemeral') }}
with events as (
    select * from {{ ref('fct_order_events') }}
    where {{ in_changed_dates('order_date', 'int_order_date_changes') }}
),

-- Terms hold from the moment they are accepted: the order's own from the start, a replacement's from 150 = 5 on.
-- What a pending report or a rejected request says of quantity and price never held.
requests as (
    select
        order_key,
        cl_ord_id,
        arg_max(order_qty, event_number) as order_qty,
        arg_max(price, event_number) as price
    from events
    where event_type = 'replace_request'
    group by all
),

termed as (
    select
        events.*,
        case
            when events.event_type = 'replaced' then coalesce(events.order_qty, requests.order_qty)
            when
                events.event_type = 'new_order'
                or (events.is_state_change and events.msg_type = '8' and events.event_type not in ('pending_replace', 'pending_cancel'))
                then events.order_qty
        end as accepted_order_qty,
        case
            when events.event_type = 'replaced' then coalesce(events.price, requests.price)
            when events.event_type in ('new_order', 'acknowledged', 'restated') then events.price
        end as accepted_price
    from events
    left join requests on events.order_key = requests.order_key and events.cl_ord_id = requests.cl_ord_id
)

select * from termed
