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

messages as (
    select
        *,
        {{ order_identifier() }} as order_identifier
    from {{ ref('refine_fix_trading') }}
    where not is_duplicate and trading_date in (select chains.trading_date from chains)
),

events as (
    select
        messages.*,
        chains.order_key,
        chains.order_date,
        row_number() over (
            partition by chains.order_key order by messages.trading_date, messages.event_position
        ) as event_number
    from messages
    inner join chains
        on messages.trading_date = chains.trading_date
        and messages.session_id = chains.session_id
        and messages.order_scope = chains.order_scope
        and messages.order_identifier = chains.cl_ord_id
),

acknowledged as (
    select
        *,
        count(*) filter (where msg_type = '8' and event_type not in ('order_rejected', 'pending_new', 'status')) over (
            partition by order_key order by event_number rows between unbounded preceding and 1 preceding
        ) > 0 as was_acknowledged
    from events
)

select
    ---------- ids
    message_id as order_event_key,
    order_key,
    session_id,
    order_scope,
    cl_ord_id,
    orig_cl_ord_id,
    order_id,
    exec_id,
    exec_ref_id,

    ---------- what happened
    cast(event_number as bigint) as event_number,
    event_type,
    msg_type,
    referred_msg_type,
    exec_type,
    exec_trans_type,
    ord_status,
    ord_rej_reason,
    cxl_rej_reason,
    exec_restatement_reason,
    sender_comp_id,
    target_comp_id,
    on_behalf_of_comp_id,
    direction,
    local_comp_id,
    application_version,

    ---------- terms
    account,
    symbol,
    security_id,
    side,
    ord_type,
    time_in_force,
    exec_inst,
    currency,
    order_qty,
    max_floor,
    price,
    stop_px,
    last_qty,
    last_px,
    leaves_qty,
    cum_qty,
    avg_px,
    is_request,
    is_fill,
    is_bust,
    is_correct,
    is_poss_dup,
    is_poss_resend,
    is_copy,
    -- An answer about an unknown order says nothing of this one, nor does the reject of a second order of its name.
    ord_status is not null and coalesce(
        case msg_type
            when '8'
                then event_type <> 'status' and not (event_type = 'order_rejected' and ord_rej_reason = '6' and was_acknowledged)
            when '9' then not (ord_status = '8' and (order_id is null or cxl_rej_reason = '1'))
        end,
        false
    ) as is_state_change,
    order_date,
    trading_date,
    event_position,
    business_at as event_at,
    sent_at,
    logged_at,
    transacted_at,
    sent_digits,
    logged_digits,
    sender_latency_us,
    transit_latency_us
from acknowledged
