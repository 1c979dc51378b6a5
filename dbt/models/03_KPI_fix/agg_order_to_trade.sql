{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_dates('trading_date', 'int_mart_date_changes') }}",
) }}
{#- Ratio of unexecuted orders to transactions, Commission Delegated Regulation (EU) 2017/566 (RTS 9) Article 3 and
    Annex: messages / transactions - 1 and volume / volume - 1, as a venue calculates them for each member, instrument
    and trading date. Every submission counts 1, modification 2, deletion 1; an IOC or FOK order that is cancelled
    counts 2 in all. Only what the member sent counts: cancellations by the venue (auction uncrossing, lost connection)
    and mass cancels (kill functionality) are left out. A transaction is an order executed, in part or whole, that date. -#}
with events as (
    select * from {{ ref('fct_order_events') }}
    where {{ in_changed_dates('trading_date', 'int_mart_date_changes') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

executions as (
    select * from {{ ref('fct_executions') }}
    where
        is_effective
        and traded_on in (select changes.trading_date from {{ ref('int_mart_date_changes') }} as changes)
),

owned as (
    select
        orders.order_key,
        coalesce(nullif(orders.order_scope, ''), orders.client_comp_id, '?') as member,
        coalesce(orders.venue_comp_id, '?') as venue,
        coalesce(orders.symbol, orders.security_id, '(none)') as instrument,
        orders.order_qty,
        orders.time_in_force in ('3', '4') as is_immediate
    from orders
    where not orders.is_drop_copy
),

counted as (
    select
        owned.member,
        owned.venue,
        owned.instrument,
        events.trading_date,
        count(*) filter (where events.event_type = 'new_order') as submissions,
        count(*) filter (where events.event_type = 'replace_request') as modifications,
        count(*) filter (where events.event_type = 'cancel_request' and not coalesce(owned.is_immediate, false)) as deletions,
        count(distinct owned.order_key) filter (
            where coalesce(owned.is_immediate, false) and events.event_type in ('cancelled', 'expired')
        ) as immediate_cancelled,
        sum(events.order_qty) filter (where events.event_type in ('new_order', 'replace_request')) as order_volume
    from events
    inner join owned on events.order_key = owned.order_key
    group by all
),

traded as (
    select
        owned.member,
        owned.venue,
        owned.instrument,
        executions.traded_on as trading_date,
        count(distinct owned.order_key) as transactions,
        count(*) as fills,
        sum(executions.last_qty) as traded_volume
    from executions
    inner join owned on executions.order_key = owned.order_key
    group by all
),

joined as (
    select
        trading_date,
        member,
        venue,
        instrument,
        coalesce(counted.submissions, 0) as submissions,
        coalesce(counted.modifications, 0) as modifications,
        coalesce(counted.deletions, 0) as deletions,
        coalesce(counted.immediate_cancelled, 0) as immediate_cancelled,
        coalesce(counted.order_volume, 0) as order_volume,
        coalesce(traded.transactions, 0) as transactions,
        coalesce(traded.fills, 0) as fills,
        coalesce(traded.traded_volume, 0) as traded_volume
    from counted
    full outer join traded using (trading_date, member, venue, instrument)
),

weighted as (
    select
        *,
        submissions + 2 * modifications + deletions + immediate_cancelled as order_messages
    from joined
)

select
    md5(concat_ws('|', trading_date, member, venue, instrument)) as order_to_trade_key,
    member,
    venue,
    instrument,
    {%- for column in ['submissions', 'modifications', 'deletions', 'immediate_cancelled', 'order_messages', 'transactions', 'fills'] %}
    cast({{ column }} as bigint) as {{ column }},
    {%- endfor %}
    cast(order_volume as decimal(38, 10)) as order_volume,
    cast(traded_volume as decimal(38, 10)) as traded_volume,
    order_messages / nullif(transactions, 0) - 1 as ratio_by_number,
    order_messages / nullif(fills, 0) - 1 as ratio_by_number_per_fill,
    cast(order_volume as double) / nullif(cast(traded_volume as double), 0) - 1 as ratio_by_volume,
    trading_date
from weighted
