-- A repetition never counts, and of the rows of one trade at most one does.
select
    original_message_id,
    count(*) as counted
from {{ ref('fct_executions') }}
where is_effective
group by original_message_id
having count(*) > 1 or bool_or(is_duplicate) or bool_or(execution_kind = 'bust')
