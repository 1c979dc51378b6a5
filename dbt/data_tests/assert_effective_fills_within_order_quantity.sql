{{ config(severity='warn') }}
-- Effective fills never exceed what was ordered, except where a bust or correction is itself unexplained in the log.
select
    order_key,
    order_qty,
    filled_qty
from {{ ref('fct_orders') }}
where filled_qty > order_qty
