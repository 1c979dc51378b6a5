{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook='{{ delete_changed_dates() }}',
) }}
{#- What validation found, by day, sender, message type and reason code; empty where validation was not asked for. -#}
with judged as (
    select
        message_id,
        validation_errors
    from {{ ref('stg_fix_trading') }}
    where {{ in_changed_dates() }} and validation_errors is not null
),

messages as (
    select
        sequenced.trading_date,
        sequenced.session_id,
        coalesce(sequenced.sender_comp_id, '?') as source_system,
        coalesce(sequenced.msg_type, '?') as msg_type,
        sequenced.message_id,
        sequenced.business_at,
        sequenced.arrival_position,
        judged.validation_errors
    from {{ ref('int_fix_messages_sequenced') }} as sequenced
    inner join judged on sequenced.message_id = judged.message_id
    where sequenced.{{ in_changed_dates() }} and sequenced.duplicate_of_message_id is null
),

totals as (
    select
        trading_date,
        session_id,
        source_system,
        msg_type,
        count(*) as messages_judged
    from messages
    group by all
),

findings as (
    select
        * exclude (validation_errors),
        unnest(validation_errors) as validation_error
    from messages
),

counted as (
    select
        trading_date,
        session_id,
        source_system,
        msg_type,
        validation_error,
        count(*) as messages,
        arg_min(message_id, arrival_position) as first_message_id,
        min(business_at) as first_message_at,
        max(business_at) as last_message_at
    from findings
    group by all
),

codes as (
    select * from {{ ref('fix_validation_codes') }}
)

select
    md5(concat_ws('|', counted.trading_date, counted.session_id, counted.source_system, counted.msg_type, counted.validation_error))
        as validation_error_key,
    counted.session_id,
    counted.source_system,
    counted.msg_type,
    counted.validation_error,
    split_part(counted.validation_error, ':', 1) as validation_code,
    try_cast(nullif(split_part(counted.validation_error, ':', 2), '') as integer) as tag,
    codes.description as code_description,
    codes.session_reject_reason,
    cast(counted.messages as bigint) as messages,
    cast(totals.messages_judged as bigint) as messages_judged,
    counted.first_message_id,
    counted.trading_date,
    counted.first_message_at,
    counted.last_message_at
from counted
inner join totals
    on counted.trading_date = totals.trading_date
    and counted.session_id = totals.session_id
    and counted.source_system = totals.source_system
    and counted.msg_type = totals.msg_type
left join codes on split_part(counted.validation_error, ':', 1) = codes.code
