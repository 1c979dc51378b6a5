{#- Order dates that this build recomputes: of every order mentioned on a changed date, before or now, and of every
    identifier that belongs to another order than before. -#}
{%- set before = built_before('03_analytics', 'fct_order_chain') -%}
with chains as (
    select * from {{ ref('int_order_chains') }}
),

now_mentioned as (
    select order_date from chains where {{ in_changed_dates() }}
)
{%- if before %},

built as (
    select * from {{ before }}
),

before_mentioned as (
    select order_date from built where {{ in_changed_dates() }}
),

moved as (
    select
        chains.order_date,
        built.order_date as order_date_before
    from chains
    full outer join built
        on chains.session_id = built.session_id
        and chains.order_scope = built.order_scope
        and chains.cl_ord_id = built.cl_ord_id
        and chains.trading_date = built.trading_date
    where chains.order_key is distinct from built.order_key
)
{%- endif %}

select trading_date as order_date from {{ ref('int_trading_date_changes') }}
union
select order_date from now_mentioned
{%- if before %}
union
select order_date from before_mentioned
union
select order_date from moved where order_date is not null
union
select order_date_before as order_date from moved where order_date_before is not null
{%- endif %}
