"""What happened to orders on a trading date: totals, brokers, instruments, refusals, and what was still open.

Invariant: counts and rates are those of the marts' rows; a rate over a day divides the sums that the rate of a row
divides, and a quantile is taken of intervals, never of quantiles.
"""

from __future__ import annotations

TOTALS = """
select
    sum(messages) as messages,
    sum(duplicates) as duplicates,
    sum(checksum_bad) as checksum_bad,
    sum(orders) as orders,
    sum(replace_requests) as replace_requests,
    sum(cancel_requests) as cancel_requests,
    sum(fills) as executions,
    sum(busts) as busts,
    sum(corrections) as corrections,
    sum(order_rejects) as order_rejects,
    sum(cancel_rejects) as cancel_rejects,
    sum(session_rejects) as session_rejects,
    sum(business_rejects) as business_rejects,
    sum(order_rejects) / nullif(sum(orders + replace_requests), 0) as order_reject_rate,
    sum(cancel_rejects) / nullif(sum(cancel_requests + replace_requests), 0) as cancel_reject_rate,
    min(minute_at) as first_minute_at,
    max(minute_at) as last_minute_at
from agg_kpi_m1
where trading_date = $day
"""

FILLS = """
select
    count(*) as orders,
    count(*) filter (where order_state = 'Filled') as filled,
    cast(sum(filled_qty) as double) / nullif(cast(sum(order_qty) as double), 0) as fill_ratio
from fct_orders
where order_date = $day and not is_drop_copy
"""

ORDER_TO_TRADE = """
select
    sum(order_messages) / nullif(sum(transactions), 0) - 1 as by_number,
    cast(sum(order_volume) as double) / nullif(cast(sum(traded_volume) as double), 0) - 1 as by_volume
from agg_order_to_trade
where trading_date = $day
"""

# Amounts without a currency are of no known kind: they are counted, not added up.
NOTIONAL = """
select
    notional_currency as currency,
    count(*) as executions,
    case when notional_currency is not null then sum(notional) end as amount
from fct_executions
where is_effective and traded_on = $day
group by notional_currency
order by notional_currency is null, executions desc, notional_currency
"""

LATENCY = """
select
    clocks,
    count(*) as measured,
    cast(quantile_cont(latency_us, 0.50) as bigint) as p50_us,
    cast(quantile_cont(latency_us, 0.95) as bigint) as p95_us,
    cast(quantile_cont(latency_us, 0.99) as bigint) as p99_us
from fct_latency
where measure = 'acknowledgement' and trading_date = $day and latency_us is not null
group by clocks
order by clocks = 'logger' desc
limit 1
"""

# What a system was asked is what the other side of its session sent, as in the mart.
BROKERS = """
with systems as (
    select
        *,
        sum(orders) over (partition by session_id) - orders as orders_received
    from agg_kpi_system_level
    where trading_date = $day
),

filled as (
    select
        session_id,
        coalesce(venue_comp_id, '?') as sender_comp_id,
        cast(sum(filled_qty) as double) / nullif(cast(sum(order_qty) as double), 0) as fill_ratio
    from fct_orders
    where order_date = $day and not is_drop_copy
    group by all
)

select
    systems.sender_comp_id as broker,
    session_id,
    orders_received as orders,
    fills,
    order_rejects,
    order_reject_rate,
    fill_ratio,
    ack_latency_n,
    ack_latency_p50_us as p50_us,
    ack_latency_p95_us as p95_us,
    ack_latency_p99_us as p99_us
from systems
left join filled using (session_id, sender_comp_id)
where orders_received > 0 or fills > 0 or order_rejects > 0
order by orders desc, fills desc, broker, session_id
"""

SYMBOLS = """
with ratios as (
    select
        instrument as symbol,
        sum(order_messages) / nullif(sum(transactions), 0) - 1 as ratio_by_number
    from agg_order_to_trade
    where trading_date = $day
    group by instrument
),

currencies as (
    select
        coalesce(orders.symbol, executions.symbol, '(none)') as symbol,
        case
            when count(distinct executions.notional_currency) = 1 and count(executions.notional_currency) = count(*)
                then any_value(executions.notional_currency)
        end as currency
    from fct_executions as executions
    left join fct_orders as orders using (order_key)
    where executions.is_effective and executions.traded_on = $day
    group by all
)

select
    symbol,
    sum(orders) as orders,
    sum(fills) as fills,
    sum(filled_qty) as filled_qty,
    sum(notional) as notional,
    any_value(currency) as currency,
    sum(order_rejects) as order_rejects,
    sum(order_rejects) / nullif(sum(orders + replace_requests), 0) as order_reject_rate,
    any_value(ratio_by_number) as ratio_by_number
from agg_kpi_m1_sym
left join ratios using (symbol)
left join currencies using (symbol)
where trading_date = $day
group by symbol
having sum(orders) > 0 or sum(fills) > 0
order by fills desc, orders desc, symbol
"""

REASONS = """
select
    reject_shape,
    reason_tag,
    reason_code,
    reason_name,
    count(*) as rejects,
    mode(text_pattern) as text_pattern
from fct_rejects
where trading_date = $day
group by reject_shape, reason_tag, reason_code, reason_name
order by rejects desc, reject_shape, reason_code
"""

# The state of an order is the mart's; one that went on after the day is taken as it stood when the day ended.
OPEN_ORDERS = """
with touched as (
    select distinct order_key
    from fct_order_events
    where trading_date = $day
),

ended as (
    select
        orders.*,
        last_event_at >= $day + interval 1 day as is_later
    from fct_orders as orders
    semi join touched on orders.order_key = touched.order_key
    where not is_drop_copy
),

as_of as (
    select
        order_key,
        arg_max(ord_status, event_number) filter (where is_state_change) as ord_status,
        arg_max(leaves_qty, event_number) filter (where is_state_change and leaves_qty is not null) as leaves_qty,
        max(event_at) as last_event_at
    from fct_order_events
    where trading_date <= $day and order_key in (select ended.order_key from ended where is_later)
    group by order_key
)

select
    ended.head_cl_ord_id as cl_ord_id,
    ended.session_id,
    coalesce(ended.symbol, ended.security_id) as symbol,
    coalesce(sides.code_name, ended.side) as side,
    ended.order_qty,
    case when is_later then as_of.leaves_qty else ended.leaves_qty end as leaves_qty,
    case when is_later then coalesce(statuses.ord_status_name, 'Unanswered') else ended.order_state end as state,
    coalesce(times.code_name, ended.time_in_force, 'Day') as time_in_force,
    case when is_later then as_of.last_event_at else ended.last_event_at end as last_event_at
from ended
left join as_of on ended.order_key = as_of.order_key
left join dim_fix_order_statuses as statuses on as_of.ord_status = statuses.ord_status
left join fix_code_names as sides
    on ended.application_version = sides.version and sides.tag = 54 and ended.side = sides.code
left join fix_code_names as times
    on ended.application_version = times.version and times.tag = 59 and ended.time_in_force = times.code
where not coalesce(case when is_later then statuses.is_terminal else ended.is_terminal end, false)
order by leaves_qty desc nulls last, last_event_at desc, cl_ord_id
"""
