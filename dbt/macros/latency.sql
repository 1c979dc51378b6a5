{#- Microseconds between two instants, null where a clock is too coarse to measure it. -#}
{% macro latency_us(started_at, started_digits, ended_at, ended_digits) -%}
    case
        when least({{ started_digits }}, {{ ended_digits }}) >= {{ var('latency_minimum_digits') }}
            then date_diff('microsecond', {{ started_at }}, {{ ended_at }})
    end
{%- endmacro %}

{#- Distribution columns of a latency: never an average alone. -#}
{% macro latency_percentiles(prefix, condition) -%}
    count(latency_us) filter (where {{ condition }}) as {{ prefix }}_n,
    cast(quantile_cont(latency_us, 0.50) filter (where {{ condition }}) as bigint) as {{ prefix }}_p50_us,
    cast(quantile_cont(latency_us, 0.90) filter (where {{ condition }}) as bigint) as {{ prefix }}_p90_us,
    cast(quantile_cont(latency_us, 0.95) filter (where {{ condition }}) as bigint) as {{ prefix }}_p95_us,
    cast(quantile_cont(latency_us, 0.99) filter (where {{ condition }}) as bigint) as {{ prefix }}_p99_us,
    max(latency_us) filter (where {{ condition }}) as {{ prefix }}_max_us
{%- endmacro %}
