{#- The batches that the visible files which are new to a build came with, or none where all batches are to be read:
    on the first build, and when there are too many to name. They are written into statements so that Delta skips the
    files of every other batch. -#}
{% macro added_batches() %}
    {%- if execute and is_incremental() -%}
        {%- set found = run_query("select distinct batch_id from " ~ ref('int_landing_changes') ~ " where change = 'added'").columns[0].values() -%}
        {%- if found | length <= 500 and found | reject('in', modules.re.findall('[0-9a-f]+', found | join(' '))) | list | length == 0 -%}
            {{ return(found) }}
        {%- endif -%}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}

{#- A query of the rows of a lake table whose files are new to a build. -#}
{% macro added_rows(table) -%}
    {%- set batches = added_batches() -%}
    select stored.*
    from {{ source('lake', table) }} as stored
    semi join {{ ref('int_landing_changes') }} as changes on stored.file_id = changes.file_id and changes.change = 'added'
    {%- if batches %}
    where stored.batch_id in ('{{ batches | join("', '") }}')
    {%- elif batches is not none %}
    where false
    {%- endif %}
{%- endmacro %}

{#- Rows of files that are no longer visible leave before the new ones arrive. -#}
{% macro delete_removed_files() %}
    {%- if is_incremental() -%}
        delete from {{ this }} where file_id in (select changes.file_id from {{ ref('int_landing_changes') }} as changes where changes.change = 'removed')
    {%- endif -%}
{% endmacro %}
