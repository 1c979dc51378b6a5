-- What the ledger counted is what marts see, file by file.
select
    file_id,
    messages,
    integrated_messages
from {{ ref('file_integration') }}
where integration_status = 'incomplete'
