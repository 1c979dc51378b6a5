{#- A FIX session is {BeginString, both CompIDs}; the two are sorted so that both directions agree. -#}
{% macro fix_session_id() -%}
    {%- set sub = var('session_identity_includes_sub_ids') -%}
    {%- set sender = "concat_ws('/', coalesce(sender_comp_id, '?'), sender_sub_id, sender_location_id)" if sub else "coalesce(sender_comp_id, '?')" -%}
    {%- set target = "concat_ws('/', coalesce(target_comp_id, '?'), target_sub_id, target_location_id)" if sub else "coalesce(target_comp_id, '?')" -%}
    concat(coalesce(begin_string, '?'), ':', least({{ sender }}, {{ target }}), '-', greatest({{ sender }}, {{ target }}))
{%- endmacro %}

{#- Identifiers that stand for "none": they never join two rows. -#}
{% macro real_identifier(column) -%}
    case when upper(trim({{ column }})) not in ('', '0', 'NONE', 'UNKNOWN', 'N/A') then {{ column }} end
{%- endmacro %}

{#- ApplVerID(1128) and DefaultApplVerID(1137) → the dictionary's name of the version. -#}
{% macro application_version(column) -%}
    case {{ column }}
        when '2' then 'FIX.4.0' when '3' then 'FIX.4.1' when '4' then 'FIX.4.2' when '5' then 'FIX.4.3'
        when '6' then 'FIX.4.4' when '7' then 'FIX.5.0' when '8' then 'FIX.5.0SP1' when '9' then 'FIX.5.0SP2'
    end
{%- endmacro %}
