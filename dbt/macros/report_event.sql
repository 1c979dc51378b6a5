{#- Why an execution report was sent, once fills, busts, corrections and status answers are taken out. -#}
{% macro report_event(reason) -%}
    case {{ reason }}
            when '0' then 'acknowledged'
            when '3' then 'done_for_day'
            when '4' then 'cancelled'
            when '5' then 'replaced'
            when '6' then 'pending_cancel'
            when '7' then 'stopped'
            when '8' then 'order_rejected'
            when '9' then 'suspended'
            when 'A' then 'pending_new'
            when 'B' then 'calculated'
            when 'C' then 'expired'
            when 'D' then 'restated'
            when 'E' then 'pending_replace'
            when 'L' then 'triggered'
            else 'other_report'
        end
{%- endmacro %}
