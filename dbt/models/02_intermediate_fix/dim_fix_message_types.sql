with message_types as (
    select * from {{ ref('fix_message_types') }}
),

landed as (
    select distinct
        application_version,
        msg_type
    from {{ ref('int_fix_messages_sequenced') }}
    where msg_type is not null
)

-- A type that no dictionary knows is a user-defined one: shown as such, never dropped.
select
    concat(coalesce(message_types.version, landed.application_version, '?'), ':', coalesce(message_types.msg_type, landed.msg_type))
        as message_type_key,
    coalesce(message_types.version, landed.application_version, '?') as application_version,
    coalesce(message_types.msg_type, landed.msg_type) as msg_type,
    coalesce(message_types.msg_type_name, 'Unknown') as msg_type_name,
    coalesce(message_types.category, 'app') as category,
    message_types.version is not null as is_in_dictionary,
    landed.msg_type is not null as is_used
from message_types
full outer join landed
    on message_types.version = landed.application_version
    and message_types.msg_type = landed.msg_type
