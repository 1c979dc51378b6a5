{#- Identifier and trading date → order. OrigClOrdID(41) names the request before, not the first one, and a rejected
    request is a leaf; so the links form a tree, which is followed to its root. A link leads only to an identifier
    that was mentioned earlier: neither 41 = 11 nor a ring of links can loop. Trees whose roots share an OrderID(37)
    are one order of which the log misses a link. Rebuilt whole, because an order may span dates; it reads
    identifiers only. -#}
with recursive identifiers as ( -- noqa: PRS
    select
        *,
        (trading_date - date '1970-01-01') * 10000000000 + first_mention_number as mention_rank
    from {{ ref('int_order_lives') }}
),

lives as (
    select
        session_id,
        order_scope,
        cl_ord_id,
        life_date,
        min(mention_rank) as mention_rank,
        bool_or(is_new_order) as is_new_order,
        arg_min(order_id, mention_rank) filter (where order_id is not null) as order_id
    from identifiers
    group by all
),

nodes as (
    select
        *,
        row_number() over (order by mention_rank, session_id, order_scope, cl_ord_id) as node_number
    from lives
),

parents as (
    select
        child.session_id,
        child.order_scope,
        child.cl_ord_id,
        child.life_date,
        arg_min(parent_node.node_number, child.mention_rank) as parent_number
    from identifiers as child
    inner join identifiers as parent
        on child.session_id = parent.session_id
        and child.order_scope = parent.order_scope
        and child.parent_cl_ord_id = parent.cl_ord_id
        and child.trading_date = parent.trading_date
    inner join nodes as parent_node
        on parent.session_id = parent_node.session_id
        and parent.order_scope = parent_node.order_scope
        and parent.cl_ord_id = parent_node.cl_ord_id
        and parent.life_date = parent_node.life_date
    where parent.mention_rank < child.mention_rank and not child.is_new_order
    group by all
),

linked as (
    select
        nodes.*,
        parents.parent_number
    from nodes
    left join parents using (session_id, order_scope, cl_ord_id, life_date)
),

links as (
    select
        *,
        coalesce(
            parent_number,
            case
                when order_id is not null and not is_new_order
                    then min(node_number) over (partition by session_id, order_scope, life_date, order_id)
            end
        ) as linked_number
    from linked
),

numbered_links as (
    select
        node_number,
        linked_number as parent_number
    from links
),

roots (node_number, root_number) using key (node_number) as (
{{ resolve_roots('numbered_links') }}
)

select
    identifiers.trading_date,
    identifiers.session_id,
    identifiers.order_scope,
    identifiers.cl_ord_id,
    identifiers.life_date,
    root_node.life_date as order_date,
    root_node.cl_ord_id as root_cl_ord_id,
    parent_node.cl_ord_id as parent_cl_ord_id,
    md5(concat_ws('|', links.session_id, links.order_scope, root_node.life_date, root_node.cl_ord_id)) as order_key
from identifiers
inner join links using (session_id, order_scope, cl_ord_id, life_date)
inner join roots using (node_number)
inner join nodes as root_node on roots.root_number = root_node.node_number
left join nodes as parent_node on links.parent_number = parent_node.node_number
