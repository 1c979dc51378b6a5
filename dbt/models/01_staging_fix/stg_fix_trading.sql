with messages as (
    select * from {{ ref('landing_fix') }}
)

select
    ---------- lineage
    concat(file_id, ':', message_index) as message_id,
    file_id,
    message_index,
    byte_offset,
    byte_length,
    line_number,
    batch_id,

    ---------- identifiers
    begin_string,
    {{ application_version('appl_ver_id') }} as message_version,
    {{ application_version('default_appl_ver_id') }} as session_default_version,
    msg_type,
    sender_comp_id,
    target_comp_id,
    {{ fix_session_id() }} as session_id,
    on_behalf_of_comp_id,
    deliver_to_comp_id,
    msg_seq_num,
    cl_ord_id,
    orig_cl_ord_id,
    {{ real_identifier('order_id') }} as order_id,
    {{ real_identifier('exec_id') }} as exec_id,
    {{ real_identifier('exec_ref_id') }} as exec_ref_id,
    list_id,
    quote_id,
    test_req_id,

    ---------- codes
    case
        when msg_type in ('0', '1', '2', '3', '4', '5', 'A') then 'session'
        when msg_type in ('D', 'E', 'F', 'G', 'H', 'q', 'r', 's', 't', 'u', 'AB', 'AC', 'K', 'L', 'M', 'N') then 'order'
        when msg_type in ('8', '9', 'Q', 'AE', 'AR') then 'execution'
        when msg_type in ('R', 'S', 'Z', 'a', 'b', 'i', 'AG', 'AI', 'AJ') then 'quote'
        when msg_type in ('V', 'W', 'X', 'Y', 'c', 'd', 'e', 'f', 'g', 'h', 'x', 'y') then 'market_data'
        when msg_type in ('J', 'P', 'AK', 'AS', 'AT', 'AU', 'T') then 'post_trade'
        when msg_type = 'j' then 'reject'
        else 'other'
    end as message_category,
    exec_type,
    exec_trans_type,
    ord_status,
    ord_rej_reason,
    cxl_rej_reason,
    cxl_rej_response_to,
    exec_restatement_reason,
    dk_reason,
    session_reject_reason,
    business_reject_reason,
    business_reject_ref_id,
    multi_leg_reporting_type,
    symbol,
    security_id,
    security_type,
    last_mkt,
    side,
    ord_type,
    time_in_force,
    exec_inst,
    currency,
    account,
    text,
    direction,
    checksum_status,
    framing,
    validation_errors,

    ---------- numbers
    ref_seq_num,
    ref_tag_id,
    ref_msg_type,
    begin_seq_no,
    end_seq_no,
    new_seq_no,
    heart_bt_int,
    order_qty,
    max_floor,
    price,
    stop_px,
    last_qty,
    last_px,
    leaves_qty,
    cum_qty,
    avg_px,
    sending_time_digits as sent_digits,
    log_time_digits as logged_digits,
    transact_time_digits as transacted_digits,
    hash(raw) as raw_hash,

    ---------- booleans
    body_length_ok as is_body_length_ok,
    coalesce(poss_dup_flag, false) as is_poss_dup,
    coalesce(poss_resend, false) as is_poss_resend,
    coalesce(copy_msg_indicator, false) as is_copy,
    coalesce(reset_seq_num_flag, false) as is_sequence_reset,
    coalesce(gap_fill_flag, false) as is_gap_fill,

    ---------- dates
    business_date as trading_date,
    trade_date,

    ---------- instants, UTC
    sending_time at time zone 'UTC' as sent_at,
    orig_sending_time at time zone 'UTC' as first_sent_at,
    log_time at time zone 'UTC' as logged_at,
    transact_time at time zone 'UTC' as transacted_at,
    -- The first sending, and always on the row's trading date: a claim of another date is not believed.
    case
        when cast(orig_sending_time at time zone 'UTC' as date) = business_date then orig_sending_time at time zone 'UTC'
        when cast(sending_time at time zone 'UTC' as date) = business_date then sending_time at time zone 'UTC'
        when cast(log_time at time zone 'UTC' as date) = business_date then log_time at time zone 'UTC'
    end as business_at,
    ingested_at at time zone 'UTC' as ingested_at
from messages
