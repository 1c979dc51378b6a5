{{ config(severity='warn') }}
-- CumQty(14) of the last report is what the effective fills add up to; a difference is a hole in the log, or a
-- counterparty that counts otherwise.
select
    order_key,
    reported_cum_qty,
    filled_qty
from {{ ref('fct_orders') }}
where is_request_logged and reported_cum_qty <> filled_qty
