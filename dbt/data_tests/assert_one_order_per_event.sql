-- Every event belongs to one order, and the events of an order are numbered without a hole.
select
    order_key,
    count(*) as events,
    max(event_number) as last_event_number
from {{ ref('fct_order_events') }}
group by order_key
having count(*) <> max(event_number)
