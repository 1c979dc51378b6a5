"""``market_data_entries``: the entries of market data snapshots and updates, typed."""

from dataclasses import replace

from fix_transforms.tables import columns as c
from fix_transforms.tables.spec import Check, Table

MARKET_DATA_ENTRIES = Table(
    name="market_data_entries",
    grain="entry of a market data message",
    description="Instances of NoMDEntries(268): bids, offers, trades, index values. Instrument and currency are the entry's, else those of the entry before where FIX says so, else the message's.",
    columns=(
        # lineage
        c.FILE_ID,
        c.MESSAGE_INDEX,
        c.ENTRY_INDEX,
        c.BATCH_ID,
        c.INGESTED_AT,
        c.TRADING_DATE,
        c.TRADING_MONTH,
        # the message
        c.MSG_TYPE,
        c.SENDER_COMP_ID,
        c.TARGET_COMP_ID,
        c.MD_REQ_ID,
        *c.SENDING_TIME,
        *c.TRANSACT_TIME,
        # what happened to what
        c.MD_UPDATE_ACTION,
        c.DELETE_REASON,
        c.MD_ENTRY_TYPE,
        c.MD_ENTRY_ID,
        c.MD_ENTRY_REF_ID,
        c.RPT_SEQ,
        # the instrument
        c.SYMBOL,
        c.SECURITY_ID,
        c.SECURITY_ID_SOURCE,
        c.SECURITY_TYPE,
        c.SECURITY_EXCHANGE,
        # the numbers
        c.MD_ENTRY_PX,
        c.MD_ENTRY_SIZE,
        c.NUMBER_OF_ORDERS,
        c.MD_ENTRY_POSITION_NO,
        c.MD_PRICE_LEVEL,
        c.CURRENCY,
        c.PRICE_TYPE,
        c.TRADE_VOLUME,
        c.TOTAL_VOLUME_TRADED,
        c.NET_CHG_PREV_DAY,
        # when
        c.MD_ENTRY_DATE,
        *c.MD_ENTRY_TIME,
        # conditions
        c.TICK_DIRECTION,
        c.QUOTE_CONDITION,
        c.TRADE_CONDITION,
        c.OPEN_CLOSE_SETTL_FLAG,
        c.TRADING_SESSION_ID,
        c.TRADING_SESSION_SUB_ID,
        # who and where
        c.MD_MKT,
        c.MD_ENTRY_ORIGINATOR,
        c.MD_ENTRY_BUYER,
        c.MD_ENTRY_SELLER,
        c.QUOTE_ENTRY_ID,
        c.ORDER_ID,
        c.SECONDARY_ORDER_ID,
        c.TRADE_ID,
        # trust
        replace(
            c.COERCION_ERRORS,
            description="Tags of the entry whose value did not fit its column's type; fix_group_fields has the value.",
        ),
    ),
    primary_key=("file_id", "message_index", "entry_index"),
    partition_by=("trading_month",),
    sort_by=("file_id", "message_index", "entry_index"),
    checks=(Check("entry_index_not_negative", "entry_index >= 0"),),
)
