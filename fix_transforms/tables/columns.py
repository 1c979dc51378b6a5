"""Every column that more than one table has, or that is read from a FIX tag, defined once.

Invariant: a column read from a tag is named after the tag's field in the FIX dictionary, in snake case
(ClOrdID → ``cl_ord_id``); a test compares the two. Times come in threes: the instant in microseconds, the
same as epoch nanoseconds, and the number of fraction digits the sender wrote (truncated, never rounded).
"""

from __future__ import annotations

import polars as pl

from fix_transforms.tables.spec import DECIMAL, TIMESTAMP, Column, DataType

# ---- builders: one per FIX datatype ----


def _text(name: str, tag: int, description: str) -> Column:
    return Column(name, pl.String, description, tag=tag)


def _free_text(name: str, tag: int, description: str) -> Column:
    return Column(name, pl.String, description, tag=tag, free_text=True)


def _int(name: str, tag: int, description: str, unit: str | None = None) -> Column:
    return Column(name, pl.Int64, description, tag=tag, unit=unit)


def _flag(name: str, tag: int, description: str) -> Column:
    return Column(name, pl.Boolean, description, tag=tag)


def _price(name: str, tag: int, description: str) -> Column:
    return Column(name, DECIMAL, description, tag=tag, unit="price")


def _qty(name: str, tag: int, description: str) -> Column:
    return Column(name, DECIMAL, description, tag=tag, unit="quantity")


def _date(name: str, tag: int, description: str) -> Column:
    return Column(name, pl.Date, description, tag=tag)


def _instant(name: str, description: str, tag: int | None = None) -> tuple[Column, Column, Column]:
    return (
        Column(name, TIMESTAMP, description, tag=tag, unit="UTC"),
        Column(f"{name}_ns", pl.Int64, f"{description} As nanoseconds since 1970.", tag=tag, facet="ns", unit="ns"),
        Column(
            f"{name}_digits", pl.Int8, f"Fraction digits written in {name}.", tag=tag, facet="digits", unit="digits"
        ),
    )


def _own(
    name: str, dtype: DataType, description: str, unit: str | None = None, allowed: tuple[str, ...] = ()
) -> Column:
    return Column(name, dtype, description, unit=unit, allowed=allowed)


# ---- lineage: down to the byte ----

FILE_ID = _own(
    "file_id",
    pl.String,
    "Object version the row was read from: 24 hex digits of a SHA-256 over bucket, key and version.",
).required()
BATCH_ID = _own("batch_id", pl.String, "Batch that committed the row: 16 hex digits.").required()
INGESTED_AT = _own("ingested_at", TIMESTAMP, "When the row was committed.", "UTC").required()
BYTE_OFFSET = _own(
    "byte_offset",
    pl.Int64,
    "Where the stretch starts in the uncompressed file. "
    "Of a UTF-16 file, offsets and lengths count the bytes of its text in UTF-8, without byte order mark.",
    "bytes",
).required()
BYTE_LENGTH = _own("byte_length", pl.Int64, "How long the stretch is in the uncompressed file.", "bytes").required()
LINE_NUMBER = _own("line_number", pl.Int64, "Line the stretch starts on, from 1.").required()
MESSAGE_INDEX = _own("message_index", pl.Int64, "Position among the file's messages, from 0.").required()
TRADING_DATE = _own(
    "trading_date", pl.Date, "UTC date of SendingTime, else of the log line's clock, else 1970-01-01."
).required()
TRADING_MONTH = _own("trading_month", pl.Date, "First day of the month of trading_date.").required()

# ---- the log line around a message ----

LOG_TIME = _instant("log_time", "Clock of the log line, converted to UTC.")
DIRECTION = _own(
    "direction",
    pl.String,
    "Whether the logging engine received or sent it, where the log tells.",
    allowed=("in", "out"),
)
LOG_PREFIX = Column("log_prefix", pl.String, "Text before the message on its line, masked.", free_text=True)

# ---- trust ----

DELIMITER = _own("delimiter", pl.String, "How the log spelled SOH, e.g. SOH, |, ^A.").required()
FRAMING = _own(
    "framing",
    pl.String,
    "How the message's end was found: BodyLength, a scan for CheckSum, or the line as a declared profile says.",
    allowed=("body_length", "scan", "profile"),
).required()
CHECKSUM_STATUS = _own(
    "checksum_status",
    pl.String,
    "CheckSum(10) over the restored bytes; not_verifiable when absent or masked at the source.",
    allowed=("ok", "bad", "not_verifiable"),
).required()
BODY_LENGTH_OK = _own("body_length_ok", pl.Boolean, "Whether BodyLength(9) matches the bytes; null when absent.")
DECODER = _own("decoder", pl.String, "Which decoder read the fields.", allowed=("simplefix", "scanner")).required()
DUPLICATE_TAGS = _own(
    "duplicate_tags", pl.List(pl.Int32), "Tags repeated outside any repeating group; the first value was kept."
).required()
COERCION_ERRORS = _own(
    "coercion_errors",
    pl.List(pl.Int32),
    "Tags whose value did not fit its column's type; the column is null and raw has the value.",
).required()
VALIDATION_ERRORS = _own(
    "validation_errors",
    pl.List(pl.String),
    "What breaks the rules of the message's FIX version, as reason codes like missing_required:38, in the order of the message; empty when valid, null when validation was not asked for.",
)
RAW = Column(
    "raw",
    pl.String,
    "The whole message, masked, SOH-delimited, without the escapes of JSON, XML or CSV that it stood in where its length and checksum show them: the source of truth for every tag without a column.",
    free_text=True,
).required()
RAW_ENCODING = _own("raw_encoding", pl.String, "How raw maps back to bytes.", allowed=("utf-8", "latin-1")).required()

# ---- standard header (FIX 4.0 to 5.0 SP2, FIXT 1.1) ----

BEGIN_STRING = _text("begin_string", 8, "FIX version of the session layer.")
BODY_LENGTH = _int("body_length", 9, "Declared length of the body.", "bytes")
MSG_TYPE = _text("msg_type", 35, "Message type code.")
SENDER_COMP_ID = _text("sender_comp_id", 49, "Firm that sends.")
TARGET_COMP_ID = _text("target_comp_id", 56, "Firm that receives.")
SENDER_SUB_ID = _text("sender_sub_id", 50, "Desk or trader that sends.")
TARGET_SUB_ID = _text("target_sub_id", 57, "Desk or trader that receives.")
SENDER_LOCATION_ID = _text("sender_location_id", 142, "Location that sends.")
TARGET_LOCATION_ID = _text("target_location_id", 143, "Location that receives.")
ON_BEHALF_OF_COMP_ID = _text("on_behalf_of_comp_id", 115, "Firm a hub sends for.")
DELIVER_TO_COMP_ID = _text("deliver_to_comp_id", 128, "Firm a hub delivers to.")
MSG_SEQ_NUM = _int("msg_seq_num", 34, "Sequence number in its direction of the session.")
POSS_DUP_FLAG = _flag("poss_dup_flag", 43, "Same sequence number sent again.")
POSS_RESEND = _flag("poss_resend", 97, "Same content may have been sent under another sequence number.")
SENDING_TIME = _instant("sending_time", "When the sender's engine transmitted it.", 52)
ORIG_SENDING_TIME = _instant("orig_sending_time", "When it was first transmitted, on a resend.", 122)
LAST_MSG_SEQ_NUM_PROCESSED = _int("last_msg_seq_num_processed", 369, "Last sequence number the sender had processed.")
APPL_VER_ID = _text("appl_ver_id", 1128, "Application version of this message, under FIXT.")
CHECK_SUM = _text("check_sum", 10, "Declared checksum, as written.")

# ---- session layer ----

ENCRYPT_METHOD = _text("encrypt_method", 98, "Encryption of the session.")
HEART_BT_INT = _int("heart_bt_int", 108, "Heartbeat interval.", "s")
RESET_SEQ_NUM_FLAG = _flag("reset_seq_num_flag", 141, "Both sides restart at sequence number 1.")
NEXT_EXPECTED_MSG_SEQ_NUM = _int("next_expected_msg_seq_num", 789, "Next sequence number the sender expects.")
DEFAULT_APPL_VER_ID = _text("default_appl_ver_id", 1137, "Application version of the session, under FIXT.")
TEST_REQ_ID = _text("test_req_id", 112, "Identifier a heartbeat answers with.")
BEGIN_SEQ_NO = _int("begin_seq_no", 7, "First sequence number asked for again.")
END_SEQ_NO = _int("end_seq_no", 16, "Last sequence number asked for again; 0 means all later ones.")
NEW_SEQ_NO = _int("new_seq_no", 36, "Next sequence number after a reset or gap fill.")
GAP_FILL_FLAG = _flag("gap_fill_flag", 123, "The reset stands for administrative messages not sent again.")
REF_SEQ_NUM = _int("ref_seq_num", 45, "Sequence number of the rejected message.")
REF_TAG_ID = _int("ref_tag_id", 371, "Tag the reject is about.")
REF_MSG_TYPE = _text("ref_msg_type", 372, "Type of the rejected message.")
SESSION_REJECT_REASON = _text("session_reject_reason", 373, "Why the session layer rejected it.")
BUSINESS_REJECT_REF_ID = _text("business_reject_ref_id", 379, "Business identifier of the rejected message.")
BUSINESS_REJECT_REASON = _text("business_reject_reason", 380, "Why the application rejected it.")
TEXT = _free_text("text", 58, "Free text.")

# ---- order flow: identifiers ----

CL_ORD_ID = _text("cl_ord_id", 11, "Client's identifier of an order, replace or cancel request.")
ORIG_CL_ORD_ID = _text("orig_cl_ord_id", 41, "ClOrdID of the previous request in the chain, not of the first order.")
SECONDARY_CL_ORD_ID = _text("secondary_cl_ord_id", 526, "Second client identifier.")
ORDER_ID = _text("order_id", 37, "Broker's identifier of the order.")
SECONDARY_ORDER_ID = _text("secondary_order_id", 198, "Second broker identifier.")
EXEC_ID = _text("exec_id", 17, "Identifier of an execution report.")
EXEC_REF_ID = _text("exec_ref_id", 19, "ExecID that is busted or corrected.")
LIST_ID = _text("list_id", 66, "List the order belongs to.")
QUOTE_ID = _text("quote_id", 117, "Identifier of a quote.")
QUOTE_REQ_ID = _text("quote_req_id", 131, "Identifier of a quote request.")
MD_REQ_ID = _text("md_req_id", 262, "Identifier of a market data request.")
TRADE_REPORT_ID = _text("trade_report_id", 571, "Identifier of a trade report.")

# ---- order flow: state ----

EXEC_TYPE = _text("exec_type", 150, "Why this report was sent.")
EXEC_TRANS_TYPE = _text("exec_trans_type", 20, "New, cancel, correct or status, before FIX 4.3.")
ORD_STATUS = _text("ord_status", 39, "State of the order after the event.")
ORD_REJ_REASON = _text("ord_rej_reason", 103, "Why an order was rejected.")
CXL_REJ_REASON = _text("cxl_rej_reason", 102, "Why a cancel or replace was rejected.")
CXL_REJ_RESPONSE_TO = _text("cxl_rej_response_to", 434, "Whether a cancel or a replace was rejected.")
EXEC_RESTATEMENT_REASON = _text("exec_restatement_reason", 378, "Why an order was restated or cancelled unasked.")
DK_REASON = _text("dk_reason", 127, "Why a trade is not known.")
COPY_MSG_INDICATOR = _flag("copy_msg_indicator", 797, "Drop copy of a report sent elsewhere.")
MULTI_LEG_REPORTING_TYPE = _text("multi_leg_reporting_type", 442, "Single security, leg, or whole multi-leg.")

# ---- order flow: terms ----

ACCOUNT = _text("account", 1, "Account, or its pseudonym when a mask key is set.")
CLIENT_ID = _text("client_id", 109, "Client, before FIX 4.3, or its pseudonym when a mask key is set.")
EXEC_BROKER = _text("exec_broker", 76, "Executing broker, before FIX 4.3.")
SYMBOL = _text("symbol", 55, "Instrument.")
SECURITY_ID = _text("security_id", 48, "Identifier of the instrument.")
SECURITY_ID_SOURCE = _text("security_id_source", 22, "Scheme of the identifier.")
SECURITY_TYPE = _text("security_type", 167, "Kind of instrument.")
SECURITY_EXCHANGE = _text("security_exchange", 207, "Market of the instrument.")
EX_DESTINATION = _text("ex_destination", 100, "Market the order is for.")
LAST_MKT = _text("last_mkt", 30, "Market of the execution.")
SIDE = _text("side", 54, "Side of the order.")
ORD_TYPE = _text("ord_type", 40, "Order type.")
TIME_IN_FORCE = _text("time_in_force", 59, "How long the order stands.")
HANDL_INST = _text("handl_inst", 21, "Handling instruction.")
EXEC_INST = _text("exec_inst", 18, "Execution instructions.")
CURRENCY = _text("currency", 15, "Currency of the price.")
ORDER_QTY = _qty("order_qty", 38, "Quantity ordered.")
MIN_QTY = _qty("min_qty", 110, "Smallest quantity to execute.")
MAX_FLOOR = _qty("max_floor", 111, "Quantity to show.")
PRICE = _price("price", 44, "Limit price.")
STOP_PX = _price("stop_px", 99, "Stop price.")
LAST_QTY = _qty("last_qty", 32, "Quantity of this fill.")
LAST_PX = _price("last_px", 31, "Price of this fill.")
LEAVES_QTY = _qty("leaves_qty", 151, "Quantity still open.")
CUM_QTY = _qty("cum_qty", 14, "Quantity executed so far.")
AVG_PX = _price("avg_px", 6, "Average price of the fills so far.")
DAY_ORDER_QTY = _qty("day_order_qty", 424, "Quantity open at the start of the day, for multi-day orders.")
DAY_CUM_QTY = _qty("day_cum_qty", 425, "Quantity executed today, for multi-day orders.")
COMMISSION = _price("commission", 12, "Commission.")
TRANSACT_TIME = _instant("transact_time", "When the business event happened, by its originator's clock.", 60)
EXPIRE_TIME = _instant("expire_time", "When the order expires.", 126)
EXPIRE_DATE = _date("expire_date", 432, "Day the order expires.")
TRADE_DATE = _date("trade_date", 75, "Trade date, where the sender states it.")
SETTL_DATE = _date("settl_date", 64, "Settlement date.")

# ---- market data entries ----

ENTRY_INDEX = _own("entry_index", pl.Int32, "Position among the message's entries, from 0.").required()
MD_UPDATE_ACTION = _text("md_update_action", 279, "New, change or delete; absent in a snapshot.")
DELETE_REASON = _text("delete_reason", 285, "Why the entry is deleted.")
MD_ENTRY_TYPE = _text("md_entry_type", 269, "Bid, offer, trade, index value and so on.")
MD_ENTRY_ID = _text("md_entry_id", 278, "Identifier of the entry, which later updates refer to.")
MD_ENTRY_REF_ID = _text("md_entry_ref_id", 280, "Identifier of the entry that this one replaces or is about.")
MD_ENTRY_PX = _price("md_entry_px", 270, "Price of the entry.")
MD_ENTRY_SIZE = _qty("md_entry_size", 271, "Quantity of the entry.")
NUMBER_OF_ORDERS = _int("number_of_orders", 346, "Orders that the entry stands for.")
MD_ENTRY_POSITION_NO = _int("md_entry_position_no", 290, "Rank of the entry, 1 being the best.")
MD_PRICE_LEVEL = _int("md_price_level", 1023, "Level of the book, 1 being the top.")
PRICE_TYPE = _text("price_type", 423, "What the price is in: per unit, percentage, yield and so on.")
MD_ENTRY_DATE = _date("md_entry_date", 272, "Date of the entry.")
MD_ENTRY_TIME = _instant(
    "md_entry_time",
    "Time of the entry on its date; where it has no date, on the day nearest to SendingTime.",
    273,
)
TICK_DIRECTION = _text("tick_direction", 274, "Direction of the price since the trade before.")
QUOTE_CONDITION = _text("quote_condition", 276, "Conditions of a quote, separated by spaces.")
TRADE_CONDITION = _text("trade_condition", 277, "Conditions of a trade, separated by spaces.")
MD_MKT = _text("md_mkt", 275, "Market of the entry.")
MD_ENTRY_ORIGINATOR = _text("md_entry_originator", 282, "Who the entry comes from.")
MD_ENTRY_BUYER = _text("md_entry_buyer", 288, "Buyer of a trade.")
MD_ENTRY_SELLER = _text("md_entry_seller", 289, "Seller of a trade.")
QUOTE_ENTRY_ID = _text("quote_entry_id", 299, "Identifier of the quote behind the entry.")
TRADE_ID = _text("trade_id", 1003, "Identifier of a trade.")
TRADING_SESSION_ID = _text("trading_session_id", 336, "Trading session.")
TRADING_SESSION_SUB_ID = _text("trading_session_sub_id", 625, "Phase of the trading session.")
RPT_SEQ = _int("rpt_seq", 83, "Sequence number of the update, per instrument.")
OPEN_CLOSE_SETTL_FLAG = _text("open_close_settl_flag", 286, "What opening, closing or settlement price it is.")
TRADE_VOLUME = _qty("trade_volume", 1020, "Volume traded so far.")
TOTAL_VOLUME_TRADED = _qty("total_volume_traded", 387, "Volume traded so far, before FIX 4.4.")
NET_CHG_PREV_DAY = _price("net_chg_prev_day", 451, "Change since the settlement of the day before.")
