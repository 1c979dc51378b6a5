{#- Set difference between what marts should see and what they see: by file, never by event time, so that a file
    that arrives a week late is a change like any other, and so is a batch that was held after it had been shown. -#}
{%- set landing = built_before('00_landing_fix', 'landing_fix') -%}
with visible as (
    select * from {{ ref('int_visible_files') }} where messages > 0
),

landed as (
    {%- if landing %}
    select distinct
        file_id,
        batch_id,
        business_date
    from {{ landing }}
    {%- else %}
    select
        cast(null as varchar) as file_id,
        cast(null as varchar) as batch_id,
        cast(null as date) as business_date
    where false
    {%- endif %}
)

select
    'added' as change,
    visible.file_id,
    visible.batch_id,
    cast(null as date) as business_date
from visible
anti join landed on visible.file_id = landed.file_id

union all

select
    'removed' as change,
    landed.file_id,
    landed.batch_id,
    landed.business_date
from landed
anti join visible on landed.file_id = visible.file_id
