{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook='{{ delete_changed_dates() }}',
) }}
{#- The links between systems: who sent what to whom. -#}
with messages as (
    select * from {{ ref('int_fix_messages_sequenced') }}
    where {{ in_changed_dates() }}
),

message_types as (
    select * from {{ ref('dim_fix_message_types') }}
),

counted as (
    select
        trading_date,
        session_id,
        coalesce(sender_comp_id, '?') as source_system,
        coalesce(target_comp_id, '?') as target_system,
        coalesce(msg_type, '?') as msg_type,
        coalesce(any_value(application_version), '?') as application_version,
        count(*) filter (where duplicate_of_message_id is null) as messages,
        count(*) filter (where duplicate_of_message_id is not null) as duplicates,
        sum(byte_length) as bytes,
        min(business_at) as first_message_at,
        max(business_at) as last_message_at
    from messages
    group by all
)

select
    md5(concat_ws('|', counted.trading_date, counted.session_id, counted.source_system, counted.target_system, counted.msg_type))
        as message_flow_key,
    counted.session_id,
    counted.source_system,
    counted.target_system,
    counted.msg_type,
    coalesce(message_types.msg_type_name, 'Unknown') as msg_type_name,
    counted.application_version,
    cast(counted.messages as bigint) as messages,
    cast(counted.duplicates as bigint) as duplicates,
    cast(counted.bytes as bigint) as bytes,
    counted.trading_date,
    counted.first_message_at,
    counted.last_message_at
from counted
left join message_types
    on counted.application_version = message_types.application_version
    and counted.msg_type = message_types.msg_type
