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
