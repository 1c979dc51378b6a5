{{ config(materialized='ephemeral') }}
{#- The messages of order flow on the dates that changed, each with what it means. ExecType(150) says why a report was
    sent and OrdStatus(39) the state after it; which codes mean a fill depends on the FIX version. -#}
with messages as (
    select * from {{ ref('stg_fix_trading') }}
    where
        {{ in_changed_dates() }}
        and msg_type in ('D', 'E', 'F', 'G', 'H', 'q', 's', 't', 'u', 'AB', 'AC', '8', '9', 'Q', '3', 'j')
),

sequenced as (
    select * from {{ ref('int_fix_messages_sequenced') }}
    where {{ in_changed_dates() }}
),

-- ExecTransType(20) is looked at before ExecType(150): until FIX 4.2 a bust carries the state that follows it.
reported as (
    select
        *,
        msg_type = '8' and (exec_type = 'H' or exec_trans_type = '1') as is_bust,
        msg_type = '8' and (exec_type = 'G' or exec_trans_type = '2') as is_correct,
        msg_type = '8' and (exec_type = 'I' or exec_trans_type = '3') as is_status
    from messages
),

filled as (
    select
        * replace (
            coalesce(is_bust, false) as is_bust,
            coalesce(is_correct, false) as is_correct,
            coalesce(is_status, false) as is_status
        ),
        -- FIX 4.0 has no ExecType(150): there, and only there, OrdStatus(39) tells why.
        case when msg_type = '8' then coalesce(exec_type, ord_status) end as report_reason,
        msg_type = '8'
        and coalesce(exec_trans_type, '0') = '0'
        and (
            coalesce(exec_type in ('F', '1', '2'), false)
            or (exec_type is null and coalesce(ord_status in ('1', '2') and last_qty > 0, false))
        ) as is_fill
    from reported
)

select
    filled.* exclude (is_sequence_reset, is_gap_fill, begin_seq_no, end_seq_no, new_seq_no, heart_bt_int, raw_hash),
    sequenced.application_version,
    sequenced.local_comp_id,
    sequenced.epoch_number,
    sequenced.arrival_position,
    sequenced.event_position,
    sequenced.duplicate_of_message_id,
    sequenced.duplicate_kind,
    case
        when filled.is_bust then 'bust'
        when filled.is_correct then 'correct'
        when filled.is_fill then 'fill'
    end as execution_kind,
    filled.msg_type in ('D', 'E', 'F', 'G', 'H', 'q', 's', 't', 'u', 'AB', 'AC') as is_request,
    -- On a hub the identifier is unique per firm behind it, not per session: 115 asks, 128 is answered.
    coalesce(
        case
            when filled.msg_type in ('8', '9', 'j', '3') then filled.deliver_to_comp_id
            else filled.on_behalf_of_comp_id
        end,
        ''
    ) as order_scope,
    case
        when filled.msg_type in ('D', 's', 'AB', 'E') then 'new_order'
        when filled.msg_type in ('G', 't', 'AC') then 'replace_request'
        when filled.msg_type in ('F', 'u') then 'cancel_request'
        when filled.msg_type = 'q' then 'mass_cancel_request'
        when filled.msg_type = 'H' then 'status_request'
        when filled.msg_type = '9' and filled.cxl_rej_response_to = '2' then 'replace_rejected'
        when filled.msg_type = '9' then 'cancel_rejected'
        when filled.msg_type = '3' then 'session_rejected'
        when filled.msg_type = 'j' then 'business_rejected'
        when filled.msg_type = 'Q' then 'trade_not_known'
        when filled.is_bust then 'trade_bust'
        when filled.is_correct then 'trade_correct'
        when filled.is_status then 'status'
        when filled.is_fill and (filled.ord_status = '2' or filled.exec_type = '2') then 'fill'
        when filled.is_fill then 'partial_fill'
        else {{ report_event('filled.report_reason') }}
    end as event_type,
    {{ latency_us('filled.transacted_at', 'filled.transacted_digits', 'filled.sent_at', 'filled.sent_digits') }} as sender_latency_us,
    case
        when filled.direction = 'in'
            then {{ latency_us('filled.sent_at', 'filled.sent_digits', 'filled.logged_at', 'filled.logged_digits') }}
    end as transit_latency_us
from filled
inner join sequenced on filled.message_id = sequenced.message_id and filled.trading_date = sequenced.trading_date
