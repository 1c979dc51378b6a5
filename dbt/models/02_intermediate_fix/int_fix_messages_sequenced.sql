{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook='{{ delete_changed_dates() }}',
) }}
{#- Every message with its sequence epoch, and whether it repeats another one: the same bytes again, or the same
    sequence number again under PossDupFlag(43). A PossDup whose first copy was never received is no duplicate. -#}
with positioned as (
    select * from {{ ref('int_fix_messages_positioned') }}
),

marked as (
    select
        *,
        lag(msg_seq_num) over (
            partition by trading_date, session_id, sender_comp_id, first_copy_message_id = message_id
            order by arrival_position
        ) as previous_seq_num
    from positioned
),

-- A series of sequence numbers starts anew on a Logon that resets it, on SequenceReset in reset mode, and where it
-- falls back to 1 without either, which is a Logon that is missing from the log.
epochs as (
    select
        *,
        first_copy_message_id = message_id and (
            (msg_type = 'A' and not is_poss_dup and (is_sequence_reset or msg_seq_num = 1))
            or (msg_type = '4' and not is_gap_fill)
            or (msg_seq_num = 1 and not is_poss_dup and previous_seq_num > 1)
        ) as is_epoch_start
    from marked
),

numbered as (
    select
        *,
        count(*) filter (where is_epoch_start) over (
            partition by trading_date, session_id, sender_comp_id order by arrival_position
        ) as epoch_number
    from epochs
),

repeated as (
    select
        *,
        case
            when is_poss_dup and msg_seq_num is not null and msg_type <> '4'
                then first_value(message_id) over (
                    partition by
                        trading_date, session_id, sender_comp_id, epoch_number, msg_seq_num,
                        first_copy_message_id = message_id
                    order by arrival_position
                )
            else message_id
        end as first_sent_message_id
    from numbered
),

versions as (
    select
        *,
        last_value(session_default_version ignore nulls) over (
            partition by trading_date, session_id order by arrival_position
        ) as carried_version
    from repeated
)

select
    message_id,
    file_id,
    message_index,
    trading_date,
    session_id,
    sender_comp_id,
    target_comp_id,
    msg_type,
    message_category,
    direction,
    case direction when 'out' then sender_comp_id when 'in' then target_comp_id end as local_comp_id,
    case direction when 'out' then target_comp_id when 'in' then sender_comp_id end as remote_comp_id,
    case
        when begin_string <> 'FIXT.1.1' then begin_string
        else coalesce(message_version, carried_version, 'FIX.5.0SP2')
    end as application_version,
    msg_seq_num,
    new_seq_no,
    begin_seq_no,
    end_seq_no,
    heart_bt_int,
    is_poss_dup,
    is_poss_resend,
    is_gap_fill,
    is_sequence_reset,
    is_epoch_start,
    epoch_number,
    arrival_position,
    event_position,
    case
        when first_copy_message_id <> message_id then first_copy_message_id
        when first_sent_message_id <> message_id then first_sent_message_id
    end as duplicate_of_message_id,
    case
        when first_copy_message_id <> message_id then 'same_bytes'
        when first_sent_message_id <> message_id then 'poss_dup'
    end as duplicate_kind,
    checksum_status,
    byte_length,
    file_clock_at,
    logged_at,
    sent_at,
    business_at
from versions
