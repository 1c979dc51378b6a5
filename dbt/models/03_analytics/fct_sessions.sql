{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook='{{ delete_changed_dates() }}',
) }}
{#- One row per session and trading date. The session is up from a Logon, or its first message where the Logon is
    not in the log, until a Logout or a silence longer than the heartbeat allows; silence says nothing where the
    logger leaves heartbeats out, or where HeartBtInt(108) is 0. -#}
with messages as (
    select
        *,
        first_value(sender_comp_id) over (
            partition by trading_date, session_id order by msg_type <> 'A', arrival_position
        ) as initiator_comp_id
    from {{ ref('int_fix_messages_sequenced') }}
    where {{ in_changed_dates() }} and (duplicate_of_message_id is null or duplicate_kind = 'poss_dup')
),

timed as (
    select
        *,
        coalesce(logged_at, sent_at) as seen_at,
        coalesce(lag(msg_type) over series, '') as previous_msg_type,
        max(heart_bt_int) over (partition by trading_date, session_id) as heartbeat_seconds,
        bool_or(msg_type = '0') over (partition by trading_date, session_id) as is_heartbeat_logged,
        epoch(file_clock_at - lag(file_clock_at) over series) as silence_seconds
    from messages
    window series as (partition by trading_date, session_id order by arrival_position)
),

judged as (
    select
        *,
        previous_msg_type = '5' as is_after_logout,
        previous_msg_type <> '5' and is_heartbeat_logged and heartbeat_seconds > 0 as is_silence_telling
    from timed
),

measured as (
    select
        *,
        case
            when is_after_logout then 0
            when is_silence_telling and silence_seconds > {{ var('heartbeat_down_factor') }} * heartbeat_seconds then 0
            else coalesce(silence_seconds, 0)
        end as up_seconds
    from judged
)

select
    md5(concat_ws('|', trading_date, session_id)) as session_day_key,
    session_id,
    any_value(application_version) as application_version,
    -- The logging side, where the logs tell a direction; else the side that logged on first.
    coalesce(mode(local_comp_id), any_value(initiator_comp_id)) as local_comp_id,
    coalesce(
        mode(remote_comp_id),
        max(case when initiator_comp_id = sender_comp_id then target_comp_id else sender_comp_id end)
    ) as remote_comp_id,
    any_value(initiator_comp_id) as initiator_comp_id,
    mode(local_comp_id) is not null as is_direction_known,
    cast(count(*) as bigint) as messages,
    cast(count(*) filter (where sender_comp_id = initiator_comp_id) as bigint) as initiator_messages,
    cast(count(*) filter (where sender_comp_id <> initiator_comp_id) as bigint) as acceptor_messages,
    cast(count(*) filter (where is_poss_dup) as bigint) as resent,
    cast(count(*) filter (where msg_type = 'A') as bigint) as logons,
    cast(count(*) filter (where msg_type = '5') as bigint) as logouts,
    cast(count(*) filter (where msg_type = '0') as bigint) as heartbeats,
    cast(count(*) filter (where msg_type = '1') as bigint) as test_requests,
    cast(count(*) filter (where msg_type = '2') as bigint) as resend_requests,
    cast(count(*) filter (where msg_type = '4' and is_gap_fill) as bigint) as gap_fills,
    cast(count(*) filter (where msg_type = '4' and not is_gap_fill) as bigint) as sequence_resets,
    cast(count(*) filter (where msg_type = '3') as bigint) as session_rejects,
    cast(count(*) filter (where msg_type = 'j') as bigint) as business_rejects,
    cast(count(*) filter (where is_epoch_start) as bigint) as sequence_epochs,
    max(heartbeat_seconds) as heartbeat_seconds,
    bool_or(is_heartbeat_logged) as is_heartbeat_logged,
    max(case when not is_after_logout then silence_seconds end) as longest_silence_seconds,
    cast(count(*) filter (
        where is_silence_telling and silence_seconds > {{ var('heartbeat_warning_factor') }} * heartbeat_seconds
    ) as bigint) as silence_warnings,
    cast(count(*) filter (
        where is_silence_telling and silence_seconds > {{ var('heartbeat_down_factor') }} * heartbeat_seconds
    ) as bigint) as silences_down,
    sum(up_seconds) as up_seconds,
    trading_date,
    min(seen_at) as first_message_at,
    max(seen_at) as last_message_at,
    min(seen_at) filter (where msg_type = 'A') as first_logon_at,
    max(seen_at) filter (where msg_type = '5') as last_logout_at
from measured
group by trading_date, session_id
