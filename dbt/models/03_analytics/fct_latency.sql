{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_dates('order_date', 'int_order_date_changes') }}",
) }}
{#- One row per measured interval, so that percentiles are taken of intervals and never of percentiles. Resent and
    duplicated messages and status answers measure nothing. -#}
with orders as (
    select * from {{ ref('fct_orders') }}
    where {{ in_changed_dates('order_date', 'int_order_date_changes') }}
),

answers as (
    select * from {{ ref('int_order_answers') }}
),

round_trips as (
    select
        order_key,
        order_date,
        trading_date,
        event_at,
        session_id,
        symbol,
        measure,
        case when is_one_logger then 'logger' else 'two_clocks' end as clocks,
        order_event_key as from_message_id,
        answer.order_event_key as to_message_id,
        case when is_one_logger then logged_at else sent_at end as started_at,
        case when is_one_logger then answer.logged_at else answer.sent_at end as ended_at,
        least(
            case when is_one_logger then logged_digits else sent_digits end,
            case when is_one_logger then answer.logged_digits else answer.sent_digits end
        ) as digits
    from answers
),

intervals as (
    select * from round_trips
    union all by name
    select * from {{ ref('int_message_intervals') }}
),

-- Between the two clocks of one message, whole quarters of an hour (give or take ten seconds) are a time zone, and more
-- than a day is a replay: neither is a latency.
measured as (
    select
        *,
        date_diff('microsecond', started_at, ended_at) as interval_us,
        case
            when digits < {{ var('latency_minimum_digits') }} then 'coarse_clock'
            when measure not in ('sender_internal', 'transit') then null
            when abs(interval_us) > 86400000000 then 'other_day'
            when abs(interval_us) > 890000000 and (abs(interval_us) + 10000000) % 900000000 < 20000000 then 'other_zone'
        end as doubt
    from intervals
)

select
    concat(intervals.from_message_id, ':', intervals.measure) as latency_key,
    intervals.order_key,
    intervals.session_id,
    intervals.from_message_id,
    intervals.to_message_id,
    intervals.measure,
    intervals.clocks,
    coalesce(orders.symbol, intervals.symbol) as symbol,
    case when intervals.doubt is null then intervals.interval_us end as latency_us,
    intervals.doubt,
    intervals.clocks = 'two_clocks' as is_skew_included,
    intervals.order_date,
    intervals.trading_date,
    intervals.event_at as measured_at,
    intervals.started_at,
    intervals.ended_at
from measured as intervals
inner join orders on intervals.order_key = orders.order_key
