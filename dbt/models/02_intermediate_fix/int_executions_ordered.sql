{{ config(materialized='ephemeral') }}
{#- Fills, busts and corrections with the order each belongs to, on the order dates that changed. -#}
with chains as (
    select * from {{ ref('int_order_chains') }}
),

-- A repetition belongs to the order of what it repeats, which may have come on another session.
executions as (
    select
        *,
        {{ order_identifier() }} as order_identifier
    from {{ ref('refine_fix_trading') }}
    where
        execution_kind is not null
        and (
            trading_date in (select chains.trading_date from chains where {{ in_changed_dates('order_date', 'int_order_date_changes') }})
            or {{ in_changed_dates() }}
        )
),

originals as (
    select
        executions.message_id,
        coalesce(first_copies.duplicate_of_message_id, executions.duplicate_of_message_id, executions.message_id) as first_message_id
    from executions
    left join executions as first_copies on executions.duplicate_of_message_id = first_copies.message_id
),

ordered as (
    select
        executions.*,
        chains.order_key,
        coalesce(chains.order_date, executions.trading_date) as order_date,
        coalesce(chains.order_key, concat_ws('|', executions.session_id, executions.trading_date)) as reference_scope
    from executions
    inner join originals on executions.message_id = originals.message_id
    left join executions as first_copies on originals.first_message_id = first_copies.message_id
    left join chains
        on first_copies.trading_date = chains.trading_date
        and first_copies.session_id = chains.session_id
        and first_copies.order_scope = chains.order_scope
        and first_copies.order_identifier = chains.cl_ord_id
)

select * from ordered
where {{ in_changed_dates('order_date', 'int_order_date_changes') }}
