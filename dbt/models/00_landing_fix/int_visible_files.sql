{#- Files whose messages marts may see: the batch's latest decision lets it in, and no visible file replaces it. -#}
with recursive files as (
    select * from {{ source('lake', 'ingested_files') }}
),

decisions as (
    select * from {{ source('lake', 'batch_decisions') }}
),

latest_decisions as (
    select
        batch_id,
        arg_max(decision, decision_number) as decision
    from decisions
    group by batch_id
),

admitted as (
    select files.*
    from files
    inner join latest_decisions on files.batch_id = latest_decisions.batch_id
    where latest_decisions.decision in ('passed', 'released')
),

-- A replacement supersedes everything the earlier version consisted of, back to the first: appended stretches too.
superseded as (
    select supersedes_file_id as file_id
    from admitted
    where is_replacement and supersedes_file_id is not null

    union

    select files.supersedes_file_id as file_id
    from superseded
    inner join files on superseded.file_id = files.file_id
    where files.supersedes_file_id is not null
)

select
    admitted.file_id,
    admitted.batch_id,
    admitted.messages
from admitted
anti join superseded on admitted.file_id = superseded.file_id
