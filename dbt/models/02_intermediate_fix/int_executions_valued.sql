{{ config(materialized='ephemeral') }}
{#- Executions with what was paid: an amount, and the currency that it is in. -#}
with stated as (
    select
        order_key,
        arg_min(currency, event_number) filter (where currency is not null) as currency
    from {{ ref('fct_order_events') }}
    where {{ in_changed_dates('order_date', 'int_order_date_changes') }}
    group by order_key
),

executions as (
    select ordered.* replace (coalesce(ordered.currency, stated.currency) as currency)
    from {{ ref('int_executions_ordered') }} as ordered
    left join stated on ordered.order_key = stated.order_key
),

-- Symbol(55) of a currency pair is CCY1/CCY2, or CCY1CCY2: what a unit of CCY1 costs in CCY2.
legs as (
    select
        message_id,
        regexp_extract(symbol, '^([A-Z0-9]{2,5})/([A-Z]{3,5})(?:[^A-Z0-9].*)?$', ['base', 'term']) as parted,
        regexp_extract(symbol, '^([A-Z]{3})([A-Z]{3})(?:[^A-Z0-9].*)?$', ['base', 'term']) as joined
    from executions
),

pairs as (
    select
        legs.message_id,
        coalesce(nullif(parted.base, ''), nullif(joined.base, '')) as base_currency,
        coalesce(nullif(parted.term, ''), nullif(joined.term, '')) as term_currency,
        base_currency in (select fx.currency from {{ ref('dim_fx_currencies') }} as fx)
        and term_currency in (select fx.currency from {{ ref('dim_fx_currencies') }} as fx) as is_foreign_exchange
    from legs
),

-- Currency(15) is that of quantities where currencies are dealt, and that of prices elsewhere (FIX EP299, Currency(15)).
valued as (
    select
        executions.*,
        case
            when executions.currency = pairs.base_currency then pairs.term_currency
            when executions.currency is null and pairs.is_foreign_exchange then pairs.term_currency
            else executions.currency
        end as notional_currency,
        case
            when pairs.is_foreign_exchange and executions.currency = pairs.term_currency then cast(executions.last_qty as double)
            else cast(executions.last_qty as double) * cast(executions.last_px as double)
        end as notional
    from executions
    inner join pairs on executions.message_id = pairs.message_id
)

select * from valued
