-- Per minute and per symbol come from the same rows; of none, where nothing but session messages was logged.
with minutes as (
    select
        coalesce(sum(orders), 0) as orders,
        coalesce(sum(fills), 0) as fills,
        coalesce(sum(filled_qty), 0) as filled_qty
    from {{ ref('agg_kpi_m1') }}
),

symbols as (
    select
        coalesce(sum(orders), 0) as orders,
        coalesce(sum(fills), 0) as fills,
        coalesce(sum(filled_qty), 0) as filled_qty
    from {{ ref('agg_kpi_m1_sym') }}
)

select
    minutes.orders,
    symbols.orders as symbol_orders,
    minutes.fills,
    symbols.fills as symbol_fills
from minutes
cross join symbols
where
    minutes.orders is distinct from symbols.orders
    or minutes.fills is distinct from symbols.fills
    or minutes.filled_qty is distinct from symbols.filled_qty
