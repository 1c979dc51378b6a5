{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_dates('order_date', 'int_order_date_changes') }}",
) }}
with summarised as (
    select * from {{ ref('int_orders_summarised') }}
),

chains as (
    select distinct
        order_key,
        root_cl_ord_id
    from {{ ref('int_order_chains') }}
    where {{ in_changed_dates('order_date', 'int_order_date_changes') }}
),

executions as (
    select * from {{ ref('fct_executions') }}
    where {{ in_changed_dates('order_date', 'int_order_date_changes') }}
),

statuses as (
    select * from {{ ref('dim_fix_order_statuses') }}
),

traded as (
    select
        order_key,
        count(*) as fills,
        sum(last_qty) as filled_qty,
        sum(notional) as filled_notional,
        case
            when min(notional_currency) = max(notional_currency) and count(notional_currency) = count(*)
                then min(notional_currency)
        end as notional_currency,
        sum(cast(last_qty as double) * cast(last_px as double)) as price_sum,
        min(traded_at) as first_fill_at,
        max(traded_at) as last_fill_at
    from executions
    where is_effective
    group by order_key
)

select
    ---------- ids
    summarised.order_key,
    summarised.session_id,
    summarised.order_scope,
    chains.root_cl_ord_id as cl_ord_id,
    coalesce(summarised.replaced_cl_ord_id, chains.root_cl_ord_id) as head_cl_ord_id,
    summarised.order_id,
    summarised.client_comp_id,
    summarised.venue_comp_id,

    ---------- codes
    summarised.application_version,
    summarised.account,
    summarised.symbol,
    summarised.security_id,
    summarised.side,
    summarised.ord_type,
    summarised.time_in_force,
    traded.notional_currency,
    summarised.ord_status,
    case
        when summarised.ord_status is not null then coalesce(statuses.ord_status_name, 'Unknown')
        when summarised.is_message_rejected then 'Rejected'
        else 'Unanswered'
    end as order_state,

    ---------- numbers
    summarised.order_qty,
    summarised.price,
    cast(coalesce(traded.filled_qty, 0) as decimal(38, 10)) as filled_qty,
    coalesce(traded.filled_notional, 0) as filled_notional,
    traded.price_sum / nullif(cast(traded.filled_qty as double), 0) as average_fill_px,
    cast(traded.filled_qty as double) / nullif(cast(summarised.order_qty as double), 0) as fill_ratio,
    summarised.reported_cum_qty,
    summarised.leaves_qty,
    summarised.reported_avg_px,
    cast(coalesce(traded.fills, 0) as bigint) as fills,
    cast(summarised.events as bigint) as events,
    cast(summarised.replaces as bigint) as replaces,
    cast(summarised.replace_requests as bigint) as replace_requests,
    cast(summarised.cancel_requests as bigint) as cancel_requests,
    cast(summarised.cancel_rejects as bigint) as cancel_rejects,

    ---------- booleans
    coalesce(statuses.is_terminal, summarised.is_message_rejected and summarised.ord_status is null) as is_terminal,
    summarised.is_request_logged,
    summarised.is_drop_copy,

    ---------- times
    summarised.order_date,
    summarised.first_event_at,
    summarised.submitted_at,
    summarised.first_report_at,
    traded.first_fill_at,
    traded.last_fill_at,
    summarised.last_state_at,
    summarised.last_event_at
from summarised
inner join chains on summarised.order_key = chains.order_key
left join traded on summarised.order_key = traded.order_key
left join statuses on summarised.ord_status = statuses.ord_status
