-- Names come from the dictionaries: these are the ones that hand-typed lists get wrong.
with expected as (
    select * from (
        values
        ('FIX.4.4', 'j', 'BusinessMessageReject'),
        ('FIX.4.4', 'n', 'XMLnonFIX'),
        ('FIX.4.4', 'AE', 'TradeCaptureReport'),
        ('FIX.4.4', 'G', 'OrderCancelReplaceRequest'),
        ('FIX.4.2', '8', 'ExecutionReport')
    ) as expected (application_version, msg_type, msg_type_name)
),

types as (
    select * from {{ ref('dim_fix_message_types') }}
),

statuses as (
    select * from {{ ref('dim_fix_order_statuses') }}
)

select
    expected.msg_type as code,
    types.msg_type_name as found
from expected
left join types
    on expected.application_version = types.application_version and expected.msg_type = types.msg_type
where expected.msg_type_name is distinct from types.msg_type_name

union all

-- There is no OrdStatus F or G: a trade is an event, not a state.
select
    ord_status as code,
    ord_status_name as found
from statuses
where ord_status not in ('0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E')
