{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook='{{ delete_changed_dates() }}',
) }}
with classified as (
    select * from {{ ref('int_order_messages_classified') }}
),

-- Rejects of the session and of the application name no order: RefSeqNum(45) is the MsgSeqNum(34) of the other side.
rejects as (
    select * from classified where msg_type in ('3', 'j')
),

rejected as (
    select
        rejects.message_id,
        referred.message_id as referred_message_id,
        referred.msg_type as referred_msg_type,
        referred.cl_ord_id as referred_cl_ord_id,
        referred.order_scope as referred_order_scope,
        referred.symbol as referred_symbol
    from rejects
    asof inner join classified as referred
        on rejects.trading_date = referred.trading_date
        and rejects.session_id = referred.session_id
        and rejects.target_comp_id = referred.sender_comp_id
        and rejects.ref_seq_num = referred.msg_seq_num
        and rejects.arrival_position > referred.arrival_position
),

-- CxlRejResponseTo(434) came with FIX 4.2: before it, a refusal is of whatever its ClOrdID asked for.
replacing as (
    select distinct
        trading_date,
        session_id,
        order_scope,
        cl_ord_id
    from classified
    where event_type = 'replace_request'
),

-- ExecID(17) is unique per counterparty and trading date; what identifies a trade beside it guards against venues
-- that count per instrument. A drop copy repeats the report on another session.
keyed as (
    select
        *,
        case
            when execution_kind is not null and exec_id is not null and duplicate_of_message_id is null
                then hash(
                    trading_date, exec_id, execution_kind, coalesce(symbol, ''), coalesce(side, ''),
                    coalesce(last_qty, 0), coalesce(last_px, 0)
                )
        end as execution_hash
    from classified
),

compared as (
    select
        *,
        first_value(message_id) over same_session as first_on_session_message_id,
        first_value(message_id) over any_session as first_anywhere_message_id,
        first_value(session_id) over any_session as first_anywhere_session_id,
        first_value(order_id) over any_session as first_anywhere_order_id,
        first_value(transacted_at) over any_session as first_anywhere_transacted_at
    from keyed
    window
        same_session as (
            partition by trading_date, execution_hash, session_id, sender_comp_id, order_scope order by event_position
        ),
        any_session as (partition by trading_date, execution_hash order by is_copy, event_position)
),

deduplicated as (
    select
        * exclude (duplicate_of_message_id, duplicate_kind),
        case
            when execution_hash is null then duplicate_of_message_id
            when
                first_anywhere_session_id <> session_id
                and (is_copy or (order_id = first_anywhere_order_id and transacted_at = first_anywhere_transacted_at))
                then first_anywhere_message_id
            when first_on_session_message_id <> message_id then first_on_session_message_id
        end as duplicate_of_message_id,
        case
            when execution_hash is null then duplicate_kind
            when
                first_anywhere_session_id <> session_id
                and (is_copy or (order_id = first_anywhere_order_id and transacted_at = first_anywhere_transacted_at))
                then 'drop_copy'
            when first_on_session_message_id <> message_id then 'same_execution'
        end as duplicate_kind
    from compared
)

select
    deduplicated.* exclude (
        execution_hash, first_on_session_message_id, first_anywhere_message_id, first_anywhere_session_id,
        first_anywhere_order_id, first_anywhere_transacted_at, cl_ord_id, order_scope, symbol, event_type
    ),
    deduplicated.duplicate_of_message_id is not null as is_duplicate,
    rejected.referred_message_id,
    coalesce(rejected.referred_msg_type, deduplicated.ref_msg_type) as referred_msg_type,
    coalesce(deduplicated.cl_ord_id, rejected.referred_cl_ord_id) as cl_ord_id,
    coalesce(rejected.referred_order_scope, deduplicated.order_scope) as order_scope,
    coalesce(deduplicated.symbol, rejected.referred_symbol) as symbol,
    case
        when deduplicated.msg_type = '9' and deduplicated.cxl_rej_response_to is null and replacing.cl_ord_id is not null
            then 'replace_rejected'
        else deduplicated.event_type
    end as event_type
from deduplicated
left join rejected on deduplicated.message_id = rejected.message_id
left join replacing
    on deduplicated.trading_date = replacing.trading_date
    and deduplicated.session_id = replacing.session_id
    and deduplicated.order_scope = replacing.order_scope
    and deduplicated.cl_ord_id = replacing.cl_ord_id
