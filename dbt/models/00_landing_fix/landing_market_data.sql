{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where file_id in (select changes.file_id from {{ ref('int_landing_changes') }} as changes where changes.change = 'removed'){% endif %}",
) }}
{%- set added_batches = added_batches() -%}
with entries as (
    select * from {{ source('lake', 'market_data_entries') }}
    {%- if added_batches %}
    where batch_id in ('{{ added_batches | join("', '") }}')
    {%- elif added_batches is not none %}
    where false
    {%- endif %}
),

added_files as (
    select file_id from {{ ref('int_landing_changes') }} where change = 'added'
),

messages as (
    select
        file_id,
        message_index,
        business_date
    from {{ ref('landing_fix') }}
)

select
    entries.*,
    messages.business_date
from entries
semi join added_files on entries.file_id = added_files.file_id
inner join messages on entries.file_id = messages.file_id and entries.message_index = messages.message_index
