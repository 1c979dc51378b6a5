{{ config(materialized='ephemeral') }}
{#- Which life of an identifier a mention belongs to. ClOrdID, OrderID and ExecID are unique within one trading date
    only, so an identifier starts a new life every date, unless the order lives on: it is good-till (59 = 1 or 6), or
    it was asked for and still open when the date ended (a session over midnight), or all that is said of it
    now busts or corrects its fills. A request that introduces the identifier again always starts a new life. -#}
with identifiers as (
    select * from {{ ref('int_order_identifiers') }}
),

requested as (
    select
        *,
        count(*) filter (where is_requested) over (
            partition by session_id, order_scope, cl_ord_id order by trading_date
        ) as request_number
    from identifiers
),

remembered as (
    select
        *,
        bool_or(is_good_till) over before as was_good_till,
        bool_or(is_requested) over before as was_requested,
        lag(is_open_at_end) over (partition by session_id, order_scope, cl_ord_id order by trading_date) as was_open,
        row_number() over (partition by session_id, order_scope, cl_ord_id order by trading_date) = 1 as is_first_date
    from requested
    window
        before as (
            partition by session_id, order_scope, cl_ord_id, request_number order by trading_date
            rows between unbounded preceding and 1 preceding
        )
),

started as (
    select
        *,
        is_requested
        or is_first_date
        or not (coalesce(was_good_till, false) or (coalesce(was_requested, false) and was_open) or is_only_amended)
            as is_start
    from remembered
)

select
    *,
    max(case when is_start then trading_date end) over (
        partition by session_id, order_scope, cl_ord_id order by trading_date
    ) as life_date
from started
