{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    pre_hook='{{ delete_removed_files() }}',
) }}
with entries as (
    {{ added_rows('market_data_entries') }}
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
inner join messages on entries.file_id = messages.file_id and entries.message_index = messages.message_index
