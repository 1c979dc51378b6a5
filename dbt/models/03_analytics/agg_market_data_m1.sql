{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook='{{ delete_changed_dates() }}',
) }}
{#- The market by minute, as the feed states it: no book is built from its updates. Where levels are numbered, the
    best bid and offer are those of level 1, else the best of each message. -#}
with entries as (
    select * from {{ ref('stg_market_data') }}
    where {{ in_changed_dates() }}
),

messages as (
    select
        message_id,
        session_id,
        sender_comp_id,
        business_at,
        arrival_position
    from {{ ref('int_fix_messages_sequenced') }}
    where {{ in_changed_dates() }} and duplicate_of_message_id is null
),

placed as (
    select
        entries.*,
        messages.session_id,
        coalesce(messages.sender_comp_id, '?') as source_system,
        messages.arrival_position,
        date_trunc('minute', messages.business_at) as minute_at,
        coalesce(entries.book_level, 1) = 1 as is_top
    from entries
    inner join messages on entries.message_id = messages.message_id
    where entries.instrument is not null and messages.business_at is not null
),

by_message as (
    select
        trading_date,
        session_id,
        source_system,
        instrument,
        minute_at,
        message_id,
        arrival_position,
        count(*) as entries,
        count(*) filter (where is_reported_trade) as trades,
        sum(quantity) filter (where is_reported_trade) as traded_quantity,
        sum(price * quantity) filter (where is_reported_trade) as traded_value,
        arg_min(price, entry_index) filter (where is_trade) as first_px,
        max(price) filter (where is_trade) as high_px,
        min(price) filter (where is_trade) as low_px,
        arg_max(price, entry_index) filter (where is_trade) as last_px,
        max(price) filter (where is_bid and is_top) as bid_px,
        arg_max(quantity, price) filter (where is_bid and is_top) as bid_qty,
        min(price) filter (where is_offer and is_top) as offer_px,
        arg_min(quantity, price) filter (where is_offer and is_top) as offer_qty
    from placed
    group by all
),

by_minute as (
    select
        trading_date,
        session_id,
        source_system,
        instrument,
        minute_at,
        count(*) as messages,
        sum(entries) as entries,
        sum(trades) as trades,
        sum(traded_quantity) as traded_quantity,
        sum(traded_value) / nullif(sum(traded_quantity), 0) as vwap,
        arg_min(first_px, arrival_position) as open_px,
        max(high_px) as high_px,
        min(low_px) as low_px,
        arg_max(last_px, arrival_position) as close_px,
        arg_max(bid_px, arrival_position) as last_bid_px,
        arg_max(bid_qty, arrival_position) as last_bid_qty,
        arg_max(offer_px, arrival_position) as last_offer_px,
        arg_max(offer_qty, arrival_position) as last_offer_qty
    from by_message
    group by all
)

select
    md5(concat_ws('|', trading_date, session_id, source_system, instrument, minute_at)) as market_minute_key,
    session_id,
    source_system,
    instrument,
    cast(messages as bigint) as messages,
    cast(entries as bigint) as entries,
    cast(trades as bigint) as trades,
    cast(traded_quantity as decimal(38, 10)) as traded_quantity,
    cast(vwap as double) as vwap,
    cast(open_px as decimal(28, 10)) as open_px,
    cast(high_px as decimal(28, 10)) as high_px,
    cast(low_px as decimal(28, 10)) as low_px,
    cast(close_px as decimal(28, 10)) as close_px,
    cast(last_bid_px as decimal(28, 10)) as last_bid_px,
    cast(last_bid_qty as decimal(28, 10)) as last_bid_qty,
    cast(last_offer_px as decimal(28, 10)) as last_offer_px,
    cast(last_offer_qty as decimal(28, 10)) as last_offer_qty,
    trading_date,
    minute_at
from by_minute
