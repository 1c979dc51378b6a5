"""How the sessions and the files of a trading date fared.

Invariant: a file belongs to the date of its last message, and one without a dated message to the date it was written
on: that is known of every file, also of those that are held out of the marts.
"""

from __future__ import annotations

SESSIONS = """
with gaps as (
    select
        session_id,
        count(*) as gaps,
        sum(missing_numbers) as missing_numbers,
        sum(unaccounted_numbers) as lost_numbers
    from fct_sequence_gaps
    where trading_date = $day
    group by session_id
)

select
    session_id,
    messages,
    logons,
    logouts,
    silences_down,
    resend_requests,
    sequence_resets,
    up_seconds,
    first_message_at,
    last_message_at,
    coalesce(gaps, 0) as gaps,
    coalesce(missing_numbers, 0) as missing_numbers,
    coalesce(lost_numbers, 0) as lost_numbers
from fct_sessions
left join gaps using (session_id)
where trading_date = $day
order by lost_numbers desc, silences_down desc, gaps desc, session_id
"""

#: Expression on ``file_integration``.
FILE_DATE = "cast(coalesce(last_sent_at, last_modified_at) as date)"

FILES = f"""
select
    integration_status,
    count(*) as files,
    sum(messages) as messages,
    sum(content_bytes) as content_bytes,
    sum(unaccounted_bytes) as unaccounted_bytes
from file_integration
where {FILE_DATE} = $day
group by integration_status
order by integration_status <> 'integrated', files desc, integration_status
"""

QUARANTINED = f"""
select
    reason,
    any_value(reasons.description) as description,
    sum(quarantined.stretches) as stretches,
    count(*) as files,
    sum(quarantined.bytes) as bytes
from quarantine_by_file as quarantined
left join quarantine_reasons as reasons using (reason)
where file_id in (select file_id from file_integration where {FILE_DATE} = $day)
group by reason
order by stretches desc, reason
"""

BATCHES = f"""
select
    batch_id,
    status,
    reason,
    files,
    messages
from batch_status
where
    (is_held or status = 'waiting')
    and batch_id in (select batch_id from file_integration where {FILE_DATE} = $day)
order by ingested_at, batch_id
"""

# What a report rests on beside the rows that the build recomputes by date: gaps, which a later date can fill, and
# files, which can be held without having been in the marts. All three are small.
STAMPS = f"""
with gaps as (
    select
        trading_date,
        md5(string_agg(cast(rows as varchar), ';' order by sequence_gap_key)) as digest
    from fct_sequence_gaps as rows
    group by trading_date
),

files as (
    select
        {FILE_DATE} as trading_date,
        md5(string_agg(concat_ws('|', file_id, integration_status, decided_at), ';' order by file_id)) as digest
    from file_integration
    group by all
)

select
    trading_date,
    concat_ws(' ', changed_at, coalesce(gaps.digest, '-'), coalesce(files.digest, '-')) as stamp
from trading_date_changes
left join gaps using (trading_date)
left join files using (trading_date)
order by trading_date
"""
