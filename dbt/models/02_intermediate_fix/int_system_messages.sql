{{ config(materialized='ephemeral') }}
{#- What each system sent on each session and trading date that changed, and how fast at its fastest. -#}
with messages as (
    select * from {{ ref('int_fix_messages_sequenced') }}
    where {{ in_changed_dates('trading_date', 'int_mart_date_changes') }}
),

seconds as (
    select
        trading_date,
        session_id,
        coalesce(sender_comp_id, '?') as sender_comp_id,
        date_trunc('second', business_at) as second_at,
        count(*) as messages
    from messages
    where duplicate_of_message_id is null and business_at is not null
    group by all
),

bursts as (
    select
        trading_date,
        session_id,
        sender_comp_id,
        max(messages) as peak_messages_per_second,
        quantile_cont(messages, 0.99) as p99_messages_per_second
    from seconds
    group by all
),

sent as (
    select
        trading_date,
        session_id,
        coalesce(sender_comp_id, '?') as sender_comp_id,
        arg_max(target_comp_id, arrival_position) as target_comp_id,
        count(*) as messages,
        count(*) filter (where message_category <> 'session') as application_messages,
        count(*) filter (where duplicate_of_message_id is not null) as duplicates,
        count(*) filter (where is_poss_dup) as resent,
        count(*) filter (where checksum_status = 'bad') as checksum_bad,
        count(*) filter (where msg_type = '2' and duplicate_of_message_id is null) as resend_requests,
        count(*) filter (where msg_type = '3' and duplicate_of_message_id is null) as session_rejects,
        count(*) filter (where msg_type = 'j' and duplicate_of_message_id is null) as business_rejects,
        sum(byte_length) as bytes,
        min(business_at) as first_message_at,
        max(business_at) as last_message_at
    from messages
    group by all
)

select *
from sent
left join bursts using (trading_date, session_id, sender_comp_id)
