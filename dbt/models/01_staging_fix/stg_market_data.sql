with entries as (
    select * from {{ ref('landing_market_data') }}
)

select
    ---------- lineage
    concat(file_id, ':', message_index, ':', entry_index) as entry_id,
    concat(file_id, ':', message_index) as message_id,
    entry_index,

    ---------- identifiers
    msg_type,
    md_req_id,
    md_entry_id,
    coalesce(symbol, security_id) as instrument,
    symbol,
    security_id,

    ---------- codes
    md_entry_type,
    md_update_action,
    currency,

    ---------- numbers
    md_entry_px as price,
    md_entry_size as quantity,
    number_of_orders as orders,
    coalesce(md_price_level, md_entry_position_no) as book_level,
    rpt_seq,

    ---------- booleans
    coalesce(md_entry_type = '0' and coalesce(md_update_action, '0') in ('0', '1', '5'), false) as is_bid,
    coalesce(md_entry_type = '1' and coalesce(md_update_action, '0') in ('0', '1', '5'), false) as is_offer,
    coalesce(md_entry_type = '2' and coalesce(md_update_action, '0') in ('0', '1'), false) as is_trade,
    coalesce(md_entry_type = '2' and md_update_action = '0', false) as is_reported_trade,

    ---------- dates
    business_date as trading_date,

    ---------- instants, UTC
    coalesce(md_entry_time, transact_time, sending_time) at time zone 'UTC' as entry_at,
    sending_time at time zone 'UTC' as sent_at
from entries
