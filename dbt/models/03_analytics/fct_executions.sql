{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_dates('order_date', 'int_order_date_changes') }}",
) }}
with recursive ordered as ( -- noqa: PRS
    select * from {{ ref('int_executions_valued') }}
),

numbered as (
    select
        *,
        row_number() over (order by trading_date, event_position) as node_number,
        bool_or(multi_leg_reporting_type = '3') over (partition by reference_scope) as is_reported_whole
    from ordered
),

firsts as (
    select * from numbered where not is_duplicate
),

-- ExecRefID(19) may name the fill or a correction of it.
links as (
    select
        amendments.node_number,
        amended.node_number as parent_number
    from firsts as amendments
    asof left join firsts as amended
        on amendments.reference_scope = amended.reference_scope
        and amendments.exec_ref_id = amended.exec_id
        and amendments.node_number > amended.node_number
),

roots (node_number, root_number) using key (node_number) as (
{{ resolve_roots('links') }}
),

-- What stands is the last word of a fill, its corrections and its bust, however they refer to one another.
settled as (
    select
        numbered.message_id,
        first_value(numbered.message_id) over trade as original_message_id,
        last_value(numbered.message_id) over trade as last_message_id,
        last_value(numbered.execution_kind) over trade as last_kind,
        first_value(numbered.trading_date) over trade as traded_on,
        first_value(numbered.business_at) over trade as traded_at
    from numbered
    inner join roots on numbered.node_number = roots.node_number
    window
        trade as (
            partition by roots.root_number order by numbered.node_number
            rows between unbounded preceding and unbounded following
        )
)

select
    ---------- ids
    numbered.message_id as execution_key,
    numbered.order_key,
    settled.original_message_id,
    numbered.duplicate_of_message_id,
    numbered.session_id,
    numbered.cl_ord_id,
    numbered.order_id,
    numbered.exec_id,
    numbered.exec_ref_id,
    numbered.sender_comp_id,
    numbered.target_comp_id,

    ---------- codes
    numbered.execution_kind,
    numbered.duplicate_kind,
    numbered.exec_type,
    numbered.exec_trans_type,
    numbered.ord_status,
    numbered.application_version,
    numbered.symbol,
    numbered.security_id,
    numbered.side,
    numbered.last_mkt,
    numbered.currency,
    numbered.notional_currency,

    ---------- numbers
    numbered.last_qty,
    numbered.last_px,
    numbered.notional,

    ---------- booleans
    numbered.is_duplicate,
    coalesce(
        settled.last_message_id = numbered.message_id
        and settled.last_kind <> 'bust'
        and not coalesce(numbered.multi_leg_reporting_type = '2' and numbered.is_reported_whole, false),
        false
    ) as is_effective,
    numbered.execution_kind = 'fill' and not numbered.is_duplicate as is_as_first_reported,
    coalesce(settled.last_kind = 'bust', false) as is_busted,
    coalesce(settled.last_kind = 'correct' and settled.last_message_id <> numbered.message_id, false) as is_corrected,

    ---------- times
    numbered.order_date,
    numbered.trading_date,
    coalesce(settled.traded_on, numbered.trading_date) as traded_on,
    numbered.business_at as executed_at,
    coalesce(settled.traded_at, numbered.business_at) as traded_at,
    numbered.transacted_at
from numbered
left join settled on numbered.message_id = settled.message_id
