{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    pre_hook="{% if is_incremental() %}delete from {{ this }} where file_id in (select changes.file_id from {{ ref('int_landing_changes') }} as changes where changes.change = 'removed'){% endif %}",
) }}
{%- set added_batches = added_batches() -%}
with messages as (
    select * from {{ source('lake', 'fix_messages') }}
    {%- if added_batches %}
    where batch_id in ('{{ added_batches | join("', '") }}')
    {%- elif added_batches is not none %}
    where false
    {%- endif %}
),

added_files as (
    select file_id from {{ ref('int_landing_changes') }} where change = 'added'
)

-- A message that is sent again after midnight belongs to the day it was first sent on.
select
    messages.*,
    case
        when
            messages.poss_dup_flag
            and messages.orig_sending_time <= messages.sending_time
            and messages.orig_sending_time > messages.sending_time - interval 7 days
            then cast(messages.orig_sending_time at time zone 'UTC' as date)
        else messages.trading_date
    end as business_date
from messages
semi join added_files on messages.file_id = added_files.file_id
