{#-
    Body of a recursive CTE that finds the root of every node by pointer doubling: a chain of n links takes log2(n)
    rounds, each a hash join. It ends on any input whose parents have smaller numbers than their children, which
    is how the callers number nodes; a cycle cannot be written down that way.
    Needs a CTE `links (node_number, parent_number)`; parent_number is null at a root.
    The CTE must be declared as: roots (node_number, root_number) using key (node_number).
-#}
{% macro resolve_roots(links) %}
        select
            links.node_number,
            case when links.parent_number < links.node_number then links.parent_number else links.node_number end as root_number
        from {{ links }} as links

        union

        select
            roots.node_number,
            above.root_number
        from roots
        inner join recurring.roots as above on roots.root_number = above.node_number
        where above.root_number <> roots.root_number
{% endmacro %}
