{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='append_new_columns',
    pre_hook='{{ delete_removed_files() }}',
) }}
with messages as (
    {{ added_rows('fix_messages') }}
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
