{#- Rows of the dates that a build recomputes leave before the new ones arrive. -#}
{% macro delete_changed_dates(column='trading_date', changes='int_trading_date_changes') %}
    {%- set changed = ref(changes) -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ column }} in (select changes.{{ column }} from {{ changed }} as changes)
    {%- endif -%}
{% endmacro %}

{#- The same dates, as the condition a model reads its inputs with. -#}
{% macro in_changed_dates(column='trading_date', changes='int_trading_date_changes') -%}
    {{ column }} in (select changes.{{ column }} from {{ ref(changes) }} as changes)
{%- endmacro %}

{#- A table of the last successful build, or nothing on the first build and on a full refresh. It is named
    without ref() because the models that read it come before the one that writes it. -#}
{% macro built_before(schema, identifier) %}
    {%- if execute and not flags.FULL_REFRESH -%}
        {{ return(adapter.get_relation(database=target.database, schema=schema, identifier=identifier)) }}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}
