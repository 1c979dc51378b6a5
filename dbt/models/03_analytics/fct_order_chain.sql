{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_dates('order_date', 'int_order_date_changes') }}",
) }}
with chains as (
    select * from {{ ref('int_order_chains') }}
    where {{ in_changed_dates('order_date', 'int_order_date_changes') }}
),

events as (
    select
        *,
        {{ order_identifier() }} as order_identifier
    from {{ ref('fct_order_events') }}
    where {{ in_changed_dates('order_date', 'int_order_date_changes') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
    where {{ in_changed_dates('order_date', 'int_order_date_changes') }}
),

asked as (
    select
        order_key,
        order_identifier,
        min(case event_type when 'new_order' then 1 when 'replace_request' then 2 when 'cancel_request' then 3 end) as request_rank,
        bool_or(event_type = 'replaced') as is_replaced,
        bool_or(event_type = 'cancelled') as is_cancelled,
        bool_or(msg_type = '8' and event_type not in ('order_rejected', 'pending_new', 'pending_replace', 'pending_cancel', 'status'))
            as is_accepted,
        bool_or(
            event_type in ('cancel_rejected', 'replace_rejected', 'session_rejected', 'business_rejected')
            or (event_type = 'order_rejected' and is_state_change)
        ) as is_rejected
    from events
    group by all
)

select
    md5(concat_ws('|', chains.session_id, chains.order_scope, chains.trading_date, chains.cl_ord_id)) as order_identifier_key,
    chains.order_key,
    chains.session_id,
    chains.order_scope,
    chains.cl_ord_id,
    chains.parent_cl_ord_id,
    chains.root_cl_ord_id,
    coalesce(
        case asked.request_rank when 1 then 'new' when 2 then 'replace' when 3 then 'cancel' end, 'not_logged'
    ) as request_type,
    case
        when asked.request_rank = 2 and asked.is_replaced then 'accepted'
        when asked.request_rank = 3 and asked.is_cancelled then 'accepted'
        when asked.request_rank = 1 and asked.is_accepted then 'accepted'
        when asked.is_rejected then 'rejected'
        when asked.request_rank is null then 'not_logged'
        else 'pending'
    end as outcome,
    coalesce(chains.cl_ord_id = orders.head_cl_ord_id, false) as is_head,
    orders.order_key is not null as is_order,
    chains.order_date,
    chains.life_date,
    chains.trading_date
from chains
left join asked on chains.order_key = asked.order_key and chains.cl_ord_id = asked.order_identifier
left join orders on chains.order_key = orders.order_key
