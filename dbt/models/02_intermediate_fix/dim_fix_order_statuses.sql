{#- OrdStatus(39) over all versions, named by the newest dictionary that has the code. The order of precedence is
    the specification's: it chooses what to display when several states apply and never reorders events. -#}
with codes as (
    select * from {{ ref('fix_code_names') }} where tag = 39
),

named as (
    select
        code as ord_status,
        arg_max(code_name, version) as ord_status_name,
        min(version) as first_version,
        max(version) as last_version
    from codes
    group by code
)

select
    ord_status,
    ord_status_name,
    first_version,
    last_version,
    ord_status in ('2', '3', '4', '8', 'B', 'C') as is_terminal,
    ord_status in ('0', '1', '5', '6', '7', '9', 'A', 'D', 'E') as is_open,
    cast(
        case ord_status
            when '6' then 12
            when 'E' then 11
            when '3' then 10
            when '2' then 8
            when '7' then 7
            when '4' then 5
            when '1' then 4
            when '0' then 2
            when '8' then 2
            when 'A' then 2
        end as bigint
    ) as display_precedence
from named
