{#- What a message calls its order: ClOrdID(11), else OrderID(37) in a namespace of its own. -#}
{% macro order_identifier(prefix='') -%}
    coalesce({{ real_identifier(prefix ~ 'cl_ord_id') }}, 'OrderID=' || {{ prefix }}order_id)
{%- endmacro %}
