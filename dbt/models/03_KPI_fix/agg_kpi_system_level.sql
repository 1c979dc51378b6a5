{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_dates('trading_date', 'int_mart_date_changes') }}",
) }}
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
        max(messages) as peak,
        quantile_cont(messages, 0.99) as p99
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
),

flowed as (
    select
        trading_date,
        session_id,
        coalesce(sender_comp_id, '?') as sender_comp_id,
        count(*) filter (where event_type = 'new_order') as orders,
        count(*) filter (where event_type = 'replace_request') as replace_requests,
        count(*) filter (where event_type = 'cancel_request') as cancel_requests,
        count(*) filter (where event_type = 'order_rejected') as order_rejects,
        count(*) filter (where event_type in ('cancel_rejected', 'replace_rejected')) as cancel_rejects
    from {{ ref('fct_order_events') }}
    where {{ in_changed_dates('trading_date', 'int_mart_date_changes') }}
    group by all
),

traded as (
    select
        trading_date,
        session_id,
        coalesce(sender_comp_id, '?') as sender_comp_id,
        count(*) as fills,
        sum(notional) as notional
    from {{ ref('fct_executions') }}
    where is_effective and {{ in_changed_dates('trading_date', 'int_mart_date_changes') }}
    group by all
),

answered as (
    select
        trading_date,
        session_id,
        {{ latency_percentiles('ack_latency', "clocks = 'logger'") }}
    from {{ ref('fct_latency') }}
    where measure = 'acknowledgement' and {{ in_changed_dates('trading_date', 'int_mart_date_changes') }}
    group by all
)

select
    md5(concat_ws('|', sent.trading_date, sent.session_id, sent.sender_comp_id)) as system_day_key,
    sent.session_id,
    sent.sender_comp_id,
    sent.target_comp_id,
    {%- for column in ['messages', 'application_messages', 'duplicates', 'resent', 'checksum_bad', 'resend_requests',
        'session_rejects', 'business_rejects', 'bytes'] %}
    cast(sent.{{ column }} as bigint) as {{ column }},
    {%- endfor %}
    {%- for column in ['orders', 'replace_requests', 'cancel_requests', 'order_rejects', 'cancel_rejects'] %}
    cast(coalesce(flowed.{{ column }}, 0) as bigint) as {{ column }},
    {%- endfor %}
    cast(coalesce(traded.fills, 0) as bigint) as fills,
    coalesce(traded.notional, 0) as notional,
    sent.resent / sent.messages as resend_share,
    cast(coalesce(bursts.peak, 0) as bigint) as peak_messages_per_second,
    coalesce(bursts.p99, 0) as p99_messages_per_second,
    cast(coalesce(answered.ack_latency_n, 0) as bigint) as ack_latency_n,
    answered.* exclude (trading_date, session_id, ack_latency_n),
    sent.trading_date,
    sent.first_message_at,
    sent.last_message_at
from sent
left join bursts using (trading_date, session_id, sender_comp_id)
left join flowed using (trading_date, session_id, sender_comp_id)
left join traded using (trading_date, session_id, sender_comp_id)
left join answered using (trading_date, session_id)
