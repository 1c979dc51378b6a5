{#-
    KPIs per minute, or per minute and symbol, from the same definitions. Every rate has the requests of its own kind
    as denominator. Fills, quantities and notional are effective ones: not busted, corrected where corrected, in the
    minute the trade was first reported. What a drop copy repeats of reports and refusals is not counted again.
-#}
{% macro kpi_by_minute(by_symbol) %}
{%- set keys = ['trading_date', 'minute_at'] + (['symbol'] if by_symbol else []) -%}
{%- set symbol = "coalesce(symbols.symbol, {0}.symbol, '(none)') as symbol," if by_symbol else '' -%}
with symbols as (
    select * from {{ ref('int_order_symbols') }}
),

messages as (
    select
        messages.trading_date,
        date_trunc('minute', messages.business_at) as minute_at,
        {{ symbol.format('messages') }}
        count(*) as messages,
        count(*) filter (where messages.duplicate_of_message_id is not null) as duplicates,
        count(*) filter (where messages.checksum_status = 'bad') as checksum_bad,
        count(*) filter (where messages.msg_type = '3' and messages.duplicate_of_message_id is null) as session_rejects,
        count(*) filter (where messages.msg_type = 'j' and messages.duplicate_of_message_id is null) as business_rejects
    {%- if by_symbol %}
    from {{ ref('refine_fix_trading') }} as messages
    left join {{ ref('fct_order_events') }} as events
        on coalesce(messages.duplicate_of_message_id, messages.message_id) = events.order_event_key
    left join symbols on events.order_key = symbols.order_key
    {%- else %}
    from {{ ref('int_fix_messages_sequenced') }} as messages
    {%- endif %}
    where messages.{{ in_changed_dates('trading_date', 'int_mart_date_changes') }} and messages.business_at is not null
    group by all
),

events as (
    select
        events.trading_date,
        date_trunc('minute', events.event_at) as minute_at,
        {{ symbol.format('events') }}
        count(*) filter (where events.event_type = 'new_order') as orders,
        count(*) filter (where events.event_type = 'replace_request') as replace_requests,
        count(*) filter (where events.event_type = 'cancel_request') as cancel_requests,
        count(*) filter (where events.msg_type = '8' and events.event_type <> 'status' and not events.is_copy) as execution_reports,
        count(*) filter (where events.event_type = 'order_rejected' and not events.is_copy) as order_rejects,
        count(*) filter (where events.event_type in ('cancel_rejected', 'replace_rejected') and not events.is_copy) as cancel_rejects,
        sum(events.order_qty) filter (where events.event_type = 'new_order') as ordered_qty
    from {{ ref('fct_order_events') }} as events
    left join symbols on events.order_key = symbols.order_key
    where events.{{ in_changed_dates('trading_date', 'int_mart_date_changes') }} and events.event_at is not null
    group by all
),

trades as (
    select
        executions.traded_on as trading_date,
        date_trunc('minute', executions.traded_at) as minute_at,
        {{ symbol.format('executions') }}
        count(*) as fills,
        sum(executions.last_qty) as filled_qty,
        sum(executions.notional) as notional
    from {{ ref('fct_executions') }} as executions
    left join symbols on executions.order_key = symbols.order_key
    where
        executions.is_effective
        and executions.traded_at is not null
        and executions.traded_on in (select changes.trading_date from {{ ref('int_mart_date_changes') }} as changes)
    group by all
),

amendments as (
    select
        executions.trading_date,
        date_trunc('minute', executions.executed_at) as minute_at,
        {{ symbol.format('executions') }}
        count(*) filter (where executions.execution_kind = 'bust') as busts,
        count(*) filter (where executions.execution_kind = 'correct') as corrections
    from {{ ref('fct_executions') }} as executions
    left join symbols on executions.order_key = symbols.order_key
    where
        executions.execution_kind in ('bust', 'correct')
        and not executions.is_duplicate
        and executions.{{ in_changed_dates('trading_date', 'int_mart_date_changes') }}
        and executions.executed_at is not null
    group by all
),

latencies as (
    select
        latency.trading_date,
        date_trunc('minute', latency.measured_at) as minute_at,
        {{ symbol.format('latency') }}
        {{ latency_percentiles('ack_latency', "latency.clocks = 'logger'") }},
        {{ latency_percentiles('ack_two_clocks', "latency.clocks = 'two_clocks'") }}
    from {{ ref('fct_latency') }} as latency
    left join symbols on latency.order_key = symbols.order_key
    where
        latency.measure = 'acknowledgement'
        and latency.{{ in_changed_dates('trading_date', 'int_mart_date_changes') }}
        and latency.measured_at is not null
    group by all
),

minutes as (
    select {{ keys | join(', ') }} from messages
    union
    select {{ keys | join(', ') }} from events
    union
    select {{ keys | join(', ') }} from trades
    union
    select {{ keys | join(', ') }} from amendments
    union
    select {{ keys | join(', ') }} from latencies
)

select
    minutes.minute_at,
    {% if by_symbol %}minutes.symbol,{% endif %}
    minutes.trading_date,
    {%- for column in ['messages', 'duplicates', 'checksum_bad', 'session_rejects', 'business_rejects'] %}
    cast(coalesce(messages.{{ column }}, 0) as bigint) as {{ column }},
    {%- endfor %}
    {%- for column in ['orders', 'replace_requests', 'cancel_requests', 'execution_reports', 'order_rejects', 'cancel_rejects'] %}
    cast(coalesce(events.{{ column }}, 0) as bigint) as {{ column }},
    {%- endfor %}
    cast(coalesce(trades.fills, 0) as bigint) as fills,
    {%- for column in ['busts', 'corrections'] %}
    cast(coalesce(amendments.{{ column }}, 0) as bigint) as {{ column }},
    {%- endfor %}
    cast(coalesce(events.ordered_qty, 0) as decimal(38, 10)) as ordered_qty,
    cast(coalesce(trades.filled_qty, 0) as decimal(38, 10)) as filled_qty,
    coalesce(trades.notional, 0) as notional,
    events.order_rejects / nullif(events.orders + events.replace_requests, 0) as order_reject_rate,
    events.cancel_rejects / nullif(events.cancel_requests + events.replace_requests, 0) as cancel_reject_rate,
    (messages.session_rejects + messages.business_rejects) / nullif(messages.messages - messages.duplicates, 0) as message_reject_rate,
    {%- for prefix in ['ack_latency', 'ack_two_clocks'] %}
    cast(coalesce(latencies.{{ prefix }}_n, 0) as bigint) as {{ prefix }}_n,
    {%- for column in ['p50', 'p90', 'p95', 'p99', 'max'] %}
    latencies.{{ prefix }}_{{ column }}_us{{ ',' if not (loop.last and prefix == 'ack_two_clocks') }}
    {%- endfor %}
    {%- endfor %}
from minutes
left join messages using ({{ keys | join(', ') }})
left join events using ({{ keys | join(', ') }})
left join trades using ({{ keys | join(', ') }})
left join amendments using ({{ keys | join(', ') }})
left join latencies using ({{ keys | join(', ') }})
{% endmacro %}
