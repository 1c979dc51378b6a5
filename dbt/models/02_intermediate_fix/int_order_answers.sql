{{ config(materialized='ephemeral') }}
{#- Each request with its first answer, per measure. Resent messages and status answers measure nothing: where the
    first answer had to be resent, a later one is not taken for it. -#}
with events as (
    select * from {{ ref('fct_order_events') }}
    where
        {{ in_changed_dates('order_date', 'int_order_date_changes') }}
        and event_type <> 'status'
),

measures as (
    select * from (
        values
        ('acknowledgement', 'new_order', ['acknowledged', 'pending_new', 'order_rejected']),
        ('confirmation', 'new_order', ['acknowledged', 'order_rejected']),
        ('first_fill', 'new_order', ['partial_fill', 'fill']),
        ('cancel', 'cancel_request', ['cancelled', 'cancel_rejected']),
        ('replace', 'replace_request', ['replaced', 'replace_rejected'])
    ) as measures (measure, request_event, answer_events)
),

requests as (
    select
        events.*,
        measures.measure,
        measures.answer_events
    from events
    inner join measures on events.event_type = measures.request_event
    where not events.is_poss_dup and not events.is_poss_resend
),

-- The first answer under the request's own ClOrdID counts.
answered as (
    select
        requests.measure,
        requests.order_event_key as request_key,
        arg_min(answers, answers.event_number) as answer
    from requests
    inner join events as answers
        on requests.order_key = answers.order_key
        and requests.cl_ord_id = answers.cl_ord_id
        and requests.event_number < answers.event_number
    where list_contains(requests.answer_events, answers.event_type)
    group by requests.measure, requests.order_event_key
),

-- One clock is better than two: the logger's, where the same logger stamped both lines.
clocked as (
    select
        requests.*,
        answered.answer,
        requests.logged_at is not null
        and answered.answer.logged_at is not null
        and coalesce(requests.local_comp_id, '') = coalesce(answered.answer.local_comp_id, '') as is_one_logger
    from requests
    inner join answered on requests.measure = answered.measure and requests.order_event_key = answered.request_key
    where not answered.answer.is_poss_dup and not answered.answer.is_poss_resend
)

select * from clocked
