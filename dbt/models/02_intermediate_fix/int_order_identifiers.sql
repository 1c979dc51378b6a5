{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook='{{ delete_changed_dates() }}',
) }}
{#- One row per identifier an order goes by, and trading date it is mentioned on: as ClOrdID(11) or as OrigClOrdID(41).
    A report without ClOrdID goes by its OrderID(37). -#}
with messages as (
    select * from {{ ref('refine_fix_trading') }}
    where {{ in_changed_dates() }} and not is_duplicate
),

mentions as (
    select
        trading_date,
        session_id,
        order_scope,
        {{ order_identifier() }} as cl_ord_id,
        2 * event_position + 1 as mention_number,
        case when orig_cl_ord_id <> cl_ord_id then orig_cl_ord_id end as parent_cl_ord_id,
        -- "Unknown order" answers carry no OrderID, and a rejected request may carry that of another order.
        case when msg_type in ('8', 'Q') then order_id end as order_id,
        event_type in ('new_order', 'replace_request', 'cancel_request') as is_request,
        event_type = 'new_order' as is_new_order,
        time_in_force in ('1', '6') as is_good_till,
        case when msg_type = '8' and event_type <> 'status' then ord_status end as ord_status,
        event_type in ('trade_bust', 'trade_correct') as is_amendment
    from messages
    where {{ order_identifier() }} is not null

    union all

    select
        trading_date,
        session_id,
        order_scope,
        orig_cl_ord_id as cl_ord_id,
        2 * event_position as mention_number,
        null as parent_cl_ord_id,
        null as order_id,
        false as is_request,
        false as is_new_order,
        false as is_good_till,
        case when msg_type = '8' and event_type <> 'status' then ord_status end as ord_status,
        event_type in ('trade_bust', 'trade_correct') as is_amendment
    from messages
    where orig_cl_ord_id <> cl_ord_id
)

select
    trading_date,
    session_id,
    order_scope,
    cl_ord_id,
    min(mention_number) as first_mention_number,
    arg_min(parent_cl_ord_id, mention_number) filter (where parent_cl_ord_id is not null) as parent_cl_ord_id,
    arg_min(order_id, mention_number) filter (where order_id is not null) as order_id,
    bool_or(is_request) as is_requested,
    bool_or(is_new_order) as is_new_order,
    coalesce(bool_or(is_good_till), false) as is_good_till,
    coalesce(
        arg_max(ord_status, mention_number) filter (where ord_status is not null)
        not in ('2', '3', '4', '8', 'B', 'C'),
        true
    ) as is_open_at_end,
    bool_and(is_amendment) as is_only_amended
from mentions
group by all
