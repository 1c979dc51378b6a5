{{ config(materialized='ephemeral') }}
{#- Every message of the dates that changed with its place among the messages of its date, and the first message
    that consists of the same bytes (overlapping or rotated logs, both ends of one session). -#}
with messages as (
    select * from {{ ref('stg_fix_trading') }}
    where {{ in_changed_dates() }}
),

-- File order is the truth inside a file; files are merged by a clock that never runs backwards in one of them.
clocked as (
    select
        *,
        max(coalesce(logged_at, sent_at)) over (
            partition by file_id, trading_date order by message_index
        ) as file_clock_at,
        min(coalesce(sender_comp_id, '')) over (partition by file_id, trading_date, session_id)
        = max(coalesce(sender_comp_id, '')) over (partition by file_id, trading_date, session_id) as is_one_sided
    from messages
),

-- Files of one direction each may tie to the second: then the question comes before the answer.
arrived as (
    select
        *,
        case
            when is_poss_dup and first_sent_at < sent_at then file_clock_at - (sent_at - first_sent_at)
            else file_clock_at
        end as event_clock_at,
        is_one_sided and msg_type in ('8', '9', '3', 'j') as is_answer,
        row_number() over (
            partition by trading_date
            order by file_clock_at, is_one_sided and msg_type in ('8', '9', '3', 'j'), file_id, message_index
        ) as arrival_position
    from clocked
),

positioned as (
    select
        *,
        row_number() over (
            partition by trading_date order by event_clock_at, is_answer, file_id, message_index
        ) as event_position,
        case
            when msg_seq_num is not null and sent_at is not null
                then first_value(message_id) over (
                    partition by trading_date, session_id, sender_comp_id, msg_seq_num, sent_at, raw_hash
                    order by arrival_position
                )
            else message_id
        end as first_copy_message_id
    from arrived
)

select * from positioned
