{{ config(materialized='ephemeral') }}
with events as (
    select * from {{ ref('int_order_events_with_terms') }}
),

summarised as (
    select
        order_key,
        any_value(session_id) as session_id,
        any_value(order_scope) as order_scope,
        any_value(order_date) as order_date,
        arg_max(cl_ord_id, event_number) filter (where event_type = 'replaced') as replaced_cl_ord_id,
        arg_max(order_id, event_number) filter (where order_id is not null) as order_id,
        arg_min(case when is_request then sender_comp_id else target_comp_id end, event_number) as client_comp_id,
        arg_min(case when is_request then target_comp_id else sender_comp_id end, event_number) as venue_comp_id,
        arg_min(account, event_number) filter (where account is not null) as account,
        arg_min(symbol, event_number) filter (where symbol is not null) as symbol,
        arg_min(security_id, event_number) filter (where security_id is not null) as security_id,
        arg_min(side, event_number) filter (where side is not null) as side,
        arg_min(ord_type, event_number) filter (where ord_type is not null) as ord_type,
        arg_min(time_in_force, event_number) filter (where time_in_force is not null) as time_in_force,
        arg_max(application_version, event_number) as application_version,
        arg_max(ord_status, event_number) filter (where is_state_change) as ord_status,
        bool_or(msg_type in ('3', 'j') and referred_msg_type in ('D', 'AB', 's')) as is_message_rejected,
        arg_max(accepted_order_qty, event_number) filter (where accepted_order_qty is not null) as order_qty,
        arg_max(accepted_price, event_number) filter (where accepted_price is not null) as price,
        arg_max(cum_qty, event_number) filter (where is_state_change and cum_qty is not null) as reported_cum_qty,
        arg_max(leaves_qty, event_number) filter (where is_state_change and leaves_qty is not null) as leaves_qty,
        arg_max(avg_px, event_number) filter (where is_state_change and avg_px is not null) as reported_avg_px,
        count(*) as events,
        count(*) filter (where event_type = 'replaced') as replaces,
        count(*) filter (where event_type = 'replace_request') as replace_requests,
        count(*) filter (where event_type = 'cancel_request') as cancel_requests,
        count(*) filter (where event_type in ('cancel_rejected', 'replace_rejected')) as cancel_rejects,
        bool_or(event_type = 'new_order') as is_request_logged,
        -- A cancel request about an order that nothing else is known of makes no order.
        bool_or(event_type = 'new_order' or msg_type = '8') as is_order,
        coalesce(bool_and(is_copy) filter (where msg_type = '8'), false) and not bool_or(is_request) as is_drop_copy,
        min(event_at) as first_event_at,
        min(event_at) filter (where event_type = 'new_order') as submitted_at,
        min(event_at) filter (where msg_type = '8') as first_report_at,
        arg_max(event_at, event_number) filter (where is_state_change) as last_state_at,
        max(event_at) as last_event_at
    from events
    group by order_key
)

select * from summarised
where is_order
