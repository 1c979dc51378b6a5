{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_dates('trading_date', 'int_mart_date_changes') }}",
) }}
{#- The five shapes a refusal has in FIX: 35=8 with 39/150=8, 35=9, 35=3, 35=j and 35=Q. -#}
with messages as (
    select
        *,
        {{ order_identifier() }} as order_identifier
    from {{ ref('refine_fix_trading') }}
    where
        {{ in_changed_dates('trading_date', 'int_mart_date_changes') }}
        and not is_duplicate
        and (event_type = 'order_rejected' or msg_type in ('9', '3', 'j', 'Q'))
),

chains as (
    select * from {{ ref('int_order_chains') }}
),

symbols as (
    select * from {{ ref('int_order_symbols') }}
),

code_names as (
    select * from {{ ref('fix_code_names') }}
),

reasoned as (
    select
        *,
        case msg_type
            when '8' then 'order_reject'
            when '9' then 'cancel_reject'
            when '3' then 'session_reject'
            when 'j' then 'business_reject'
            when 'Q' then 'trade_not_known'
        end as reject_shape,
        case msg_type when '8' then 103 when '9' then 102 when '3' then 373 when 'j' then 380 when 'Q' then 127 end as reason_tag,
        case msg_type
            when '8' then ord_rej_reason
            when '9' then cxl_rej_reason
            when '3' then session_reject_reason
            when 'j' then business_reject_reason
            when 'Q' then dk_reason
        end as reason_code
    from messages
)

select
    reasoned.message_id as reject_key,
    chains.order_key,
    reasoned.session_id,
    reasoned.sender_comp_id,
    reasoned.target_comp_id,
    reasoned.cl_ord_id,
    reasoned.orig_cl_ord_id,
    reasoned.order_id,
    reasoned.exec_id,
    reasoned.business_reject_ref_id,
    reasoned.referred_message_id,
    reasoned.referred_msg_type,
    reasoned.reject_shape,
    cast(reasoned.reason_tag as integer) as reason_tag,
    reasoned.reason_code,
    coalesce(code_names.code_name, case when reasoned.reason_code is not null then 'Unknown' end) as reason_name,
    case
        when reasoned.msg_type = '8' then 'new_order'
        when reasoned.event_type = 'replace_rejected' then 'replace'
        when reasoned.msg_type = '9' then 'cancel'
        when reasoned.msg_type = 'Q' then 'execution'
        else 'message'
    end as refused,
    coalesce(reasoned.symbol, symbols.symbol) as symbol,
    reasoned.text,
    -- Digits are masked so that texts that differ in an identifier or an amount count as one.
    regexp_replace(reasoned.text, '[0-9]+', '#', 'g') as text_pattern,
    cast(reasoned.ref_tag_id as bigint) as ref_tag_id,
    cast(reasoned.ref_seq_num as bigint) as ref_seq_num,
    coalesce(
        reasoned.msg_type = '9'
        and (reasoned.cxl_rej_reason = '1' or (reasoned.ord_status = '8' and reasoned.order_id is null)),
        false
    ) as is_unknown_order,
    reasoned.trading_date,
    reasoned.business_at as rejected_at
from reasoned
left join chains
    on reasoned.trading_date = chains.trading_date
    and reasoned.session_id = chains.session_id
    and reasoned.order_scope = chains.order_scope
    and reasoned.order_identifier = chains.cl_ord_id
left join symbols on chains.order_key = symbols.order_key
left join code_names
    on reasoned.application_version = code_names.version
    and reasoned.reason_tag = code_names.tag
    and reasoned.reason_code = code_names.code
