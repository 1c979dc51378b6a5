{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_dates('trading_date', 'int_mart_date_changes') }}",
) }}
with sent as (
    select * from {{ ref('int_system_messages') }}
),

flowed as (
    select
        trading_date,
        session_id,
        coalesce(sender_comp_id, '?') as sender_comp_id,
        count(*) filter (where event_type = 'new_order') as orders,
        count(*) filter (where event_type = 'replace_request') as replace_requests,
        count(*) filter (where event_type = 'cancel_request') as cancel_requests,
        count(*) filter (where event_type = 'order_rejected' and not is_copy) as order_rejects,
        count(*) filter (where event_type in ('cancel_rejected', 'replace_rejected') and not is_copy) as cancel_rejects
    from {{ ref('fct_order_events') }}
    where {{ in_changed_dates('trading_date', 'int_mart_date_changes') }}
    group by all
),

traded as (
    select
        traded_on as trading_date,
        session_id,
        coalesce(sender_comp_id, '?') as sender_comp_id,
        count(*) as fills,
        sum(notional) as notional
    from {{ ref('fct_executions') }}
    where is_effective and traded_on in (select changes.trading_date from {{ ref('int_mart_date_changes') }} as changes)
    group by all
),

answered as (
    select
        latency.trading_date,
        latency.session_id,
        coalesce(answers.sender_comp_id, '?') as sender_comp_id,
        {{ latency_percentiles('ack_latency', "latency.clocks = 'logger'") }}
    from {{ ref('fct_latency') }} as latency
    inner join {{ ref('fct_order_events') }} as answers on latency.to_message_id = answers.order_event_key
    where latency.measure = 'acknowledgement' and latency.{{ in_changed_dates('trading_date', 'int_mart_date_changes') }}
    group by all
),

-- What a system refuses is measured by what it was asked: by the requests of its own kind from the other side.
joined as (
    select
        *,
        sum(flowed.orders + flowed.replace_requests) over session_day - coalesce(flowed.orders + flowed.replace_requests, 0)
            as orders_received,
        sum(flowed.cancel_requests + flowed.replace_requests) over session_day
        - coalesce(flowed.cancel_requests + flowed.replace_requests, 0) as amendments_received,
        sum(sent.messages - sent.duplicates) over session_day - (sent.messages - sent.duplicates) as messages_received
    from sent
    left join flowed using (trading_date, session_id, sender_comp_id)
    left join traded using (trading_date, session_id, sender_comp_id)
    left join answered using (trading_date, session_id, sender_comp_id)
    window session_day as (partition by trading_date, session_id)
)

select
    md5(concat_ws('|', trading_date, session_id, sender_comp_id)) as system_day_key,
    session_id,
    sender_comp_id,
    target_comp_id,
    {%- for column in ['messages', 'application_messages', 'duplicates', 'resent', 'checksum_bad', 'resend_requests',
        'session_rejects', 'business_rejects', 'bytes'] %}
    cast({{ column }} as bigint) as {{ column }},
    {%- endfor %}
    {%- for column in ['orders', 'replace_requests', 'cancel_requests', 'order_rejects', 'cancel_rejects'] %}
    cast(coalesce({{ column }}, 0) as bigint) as {{ column }},
    {%- endfor %}
    cast(coalesce(fills, 0) as bigint) as fills,
    coalesce(notional, 0) as notional,
    resent / messages as resend_share,
    coalesce(order_rejects, 0) / nullif(orders_received, 0) as order_reject_rate,
    coalesce(cancel_rejects, 0) / nullif(amendments_received, 0) as cancel_reject_rate,
    (session_rejects + business_rejects) / nullif(messages_received, 0) as message_reject_rate,
    cast(coalesce(peak_messages_per_second, 0) as bigint) as peak_messages_per_second,
    coalesce(p99_messages_per_second, 0) as p99_messages_per_second,
    cast(coalesce(ack_latency_n, 0) as bigint) as ack_latency_n,
    ack_latency_p50_us,
    ack_latency_p90_us,
    ack_latency_p95_us,
    ack_latency_p99_us,
    ack_latency_max_us,
    trading_date,
    first_message_at,
    last_message_at
from joined
