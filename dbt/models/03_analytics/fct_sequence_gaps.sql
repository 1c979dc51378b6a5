{#- One row per stretch of missing sequence numbers, in the order of the files and within one epoch; an epoch runs on
    over midnight until it is reset, so the table is rebuilt whole, from the sequence columns only. A gap is what
    arrived too high; what filled it may come later: resent messages (43 = Y), a gap fill (123 = Y) or neither. -#}
with messages as (
    select * from {{ ref('int_fix_messages_sequenced') }}
    where msg_seq_num is not null and sender_comp_id is not null and duplicate_of_message_id is null
),

epochs as (
    select
        *,
        count(*) filter (where is_epoch_start) over series as epoch,
        -- The next number after this message; a reset in reset mode is itself outside the series.
        case when msg_type = '4' then new_seq_no else msg_seq_num + 1 end as next_seq_num
    from messages
    window series as (partition by session_id, sender_comp_id order by trading_date, arrival_position)
),

expected as (
    select
        *,
        max(next_seq_num) over (
            partition by session_id, sender_comp_id, epoch order by trading_date, arrival_position
            rows between unbounded preceding and 1 preceding
        ) as expected_seq_num,
        min(case when is_epoch_start and msg_type = '4' then epoch end) over (
            partition by session_id, sender_comp_id order by trading_date desc, arrival_position desc
        ) as next_reset_epoch
    from epochs
),

gaps as (
    select
        session_id,
        sender_comp_id,
        target_comp_id,
        epoch,
        next_reset_epoch,
        trading_date,
        message_id as found_by_message_id,
        arrival_position as found_position,
        coalesce(sent_at, logged_at) as found_at,
        expected_seq_num as first_missing_seq_num,
        msg_seq_num - 1 as last_missing_seq_num
    from expected
    where msg_seq_num > expected_seq_num and not is_poss_dup and not (msg_type = '4' and not is_gap_fill)
),

filled as (
    select
        gaps.found_by_message_id,
        count(distinct messages.msg_seq_num) filter (where messages.msg_type <> '4') as resent_numbers,
        max(messages.trading_date) as last_filled_date,
        sum(
            least(messages.next_seq_num - 1, gaps.last_missing_seq_num)
            - greatest(messages.msg_seq_num, gaps.first_missing_seq_num) + 1
        ) filter (where messages.msg_type = '4' and messages.is_gap_fill) as gap_filled_numbers
    from gaps
    inner join expected as messages
        on gaps.session_id = messages.session_id
        and gaps.sender_comp_id = messages.sender_comp_id
        and gaps.epoch = messages.epoch
        and messages.msg_seq_num <= gaps.last_missing_seq_num
        and messages.next_seq_num > gaps.first_missing_seq_num
    where (messages.trading_date, messages.arrival_position) > (gaps.trading_date, gaps.found_position)
    group by gaps.found_by_message_id
),

requested as (
    select gaps.found_by_message_id, count(*) as resend_requests -- noqa: LT09
    from gaps
    inner join messages
        on gaps.session_id = messages.session_id
        and gaps.target_comp_id = messages.sender_comp_id
        and messages.msg_type = '2'
        and messages.begin_seq_no <= gaps.last_missing_seq_num
        and (messages.end_seq_no = 0 or messages.end_seq_no >= gaps.first_missing_seq_num)
    where
        messages.trading_date between gaps.trading_date and gaps.trading_date + 1
        and (messages.trading_date, messages.arrival_position) > (gaps.trading_date, gaps.found_position)
    group by gaps.found_by_message_id
),

counted as (
    select
        gaps.*,
        gaps.last_missing_seq_num - gaps.first_missing_seq_num + 1 as missing_numbers,
        coalesce(filled.resent_numbers, 0) as resent_numbers,
        coalesce(filled.gap_filled_numbers, 0) as gap_filled_numbers,
        coalesce(requested.resend_requests, 0) as resend_requests,
        coalesce(gaps.next_reset_epoch = gaps.epoch + 1, false) as is_reset_over
    from gaps
    left join filled on gaps.found_by_message_id = filled.found_by_message_id
    left join requested on gaps.found_by_message_id = requested.found_by_message_id
)

select
    found_by_message_id as sequence_gap_key,
    session_id,
    sender_comp_id,
    target_comp_id,
    found_by_message_id,
    case
        when resent_numbers + gap_filled_numbers >= missing_numbers and resent_numbers > 0 then 'filled_by_resend'
        when gap_filled_numbers >= missing_numbers then 'gap_filled'
        when is_reset_over then 'reset_over'
        when resend_requests > 0 then 'requested'
        else 'missing_in_log'
    end as gap_class,
    cast(epoch as bigint) as epoch_number,
    cast(first_missing_seq_num as bigint) as first_missing_seq_num,
    cast(last_missing_seq_num as bigint) as last_missing_seq_num,
    cast(missing_numbers as bigint) as missing_numbers,
    cast(least(resent_numbers, missing_numbers) as bigint) as resent_numbers,
    cast(least(gap_filled_numbers, missing_numbers) as bigint) as gap_filled_numbers,
    cast(greatest(missing_numbers - resent_numbers - gap_filled_numbers, 0) as bigint) as unaccounted_numbers,
    cast(resend_requests as bigint) as resend_requests,
    trading_date,
    found_at
from counted
