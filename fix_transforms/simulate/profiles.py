"""The firm and its counterparties: who speaks which FIX version, about what, and how it is logged.

Invariant: a ``Dialect`` states what one FIX version can say, from the published field and message lists
(fixtrading.org); scripts ask the dialect and never compare version strings. All names are made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: CompID of the firm whose engines write the logs.
FIRM = "HARBORAM"

LogStyle = Literal["quickfix", "log4j-pipe", "log4j-soh"]
Market = Literal["us-equity", "london-equity", "fx"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one FIX version can say.

    Attributes:
        begin_string: BeginString(8).
        default_appl_ver_id: DefaultApplVerID(1137) on Logon, under FIXT.
        time_digits: Fraction digits of UTCTimestamp.
        has_exec_type: ExecType(150) and LeavesQty(151), from 4.1.
        has_exec_trans_type: ExecTransType(20), to 4.2; after it 150=F/G/H/I say the same.
        has_modern_requests: TransactTime on requests, 434 on cancel rejects, 35=j, details on 35=3, from 4.2.
        has_reset_flag: ResetSeqNumFlag(141), from 4.1.
        has_parties: Parties(453), from 4.3.
        has_credentials: Username(553) and Password(554), from 4.3.
        has_venue: SecurityExchange(207), from 4.1.
        needs_handl_inst: HandlInst(21) is required, to 4.3.
    """

    begin_string: str
    default_appl_ver_id: str | None
    time_digits: int
    has_exec_type: bool
    has_exec_trans_type: bool
    has_modern_requests: bool
    has_reset_flag: bool
    has_parties: bool
    has_credentials: bool
    has_venue: bool
    needs_handl_inst: bool


FIX40 = Dialect("FIX.4.0", None, 0, False, True, False, False, False, False, False, True)
FIX42 = Dialect("FIX.4.2", None, 3, True, True, True, True, False, False, True, True)
FIX44 = Dialect("FIX.4.4", None, 3, True, False, True, True, True, True, True, False)
FIX50SP2 = Dialect("FIXT.1.1", "9", 6, True, False, True, True, True, True, True, False)


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is traded: prices are whole units of the last of ``decimals`` digits."""

    symbol: str
    currency: str
    venue: str
    decimals: int
    tick: int
    start_price: int
    lot: int
    typical_lots: int


_US = (
    Instrument("AAPL", "USD", "XNAS", 2, 1, 18564, 100, 12),
    Instrument("MSFT", "USD", "XNAS", 2, 1, 37087, 100, 8),
    Instrument("NVDA", "USD", "XNAS", 2, 1, 48168, 100, 6),
    Instrument("JPM", "USD", "XNYS", 2, 1, 17200, 100, 10),
    Instrument("XOM", "USD", "XNYS", 2, 1, 10236, 100, 15),
    Instrument("KO", "USD", "XNYS", 2, 1, 5982, 100, 25),
    Instrument("F", "USD", "XNYS", 2, 1, 1218, 100, 60),
    Instrument("BRK.B", "USD", "XNYS", 2, 1, 36215, 1, 400),
)
_LONDON = (
    Instrument("VOD", "GBX", "XLON", 2, 2, 6924, 1, 45_000),
    Instrument("BARC", "GBX", "XLON", 2, 2, 15382, 1, 20_000),
    Instrument("AZN", "GBX", "XLON", 2, 200, 1_062_000, 1, 600),
    Instrument("HSBA", "GBX", "XLON", 2, 10, 63_170, 1, 6_000),
    Instrument("TSCO", "GBX", "XLON", 2, 10, 29_040, 1, 9_000),
    Instrument("LLOY", "GBX", "XLON", 3, 5, 47_710, 1, 80_000),
)
_FX = (
    Instrument("EUR/USD", "EUR", "XOFF", 5, 1, 109_532, 100_000, 10),
    Instrument("GBP/USD", "GBP", "XOFF", 5, 1, 126_210, 100_000, 8),
    Instrument("USD/JPY", "USD", "XOFF", 3, 1, 141_985, 100_000, 10),
    Instrument("EUR/CHF", "EUR", "XOFF", 5, 1, 92_944, 100_000, 5),
)
INSTRUMENTS: dict[Market, tuple[Instrument, ...]] = {"us-equity": _US, "london-equity": _LONDON, "fx": _FX}


@dataclass(frozen=True, slots=True)
class SessionProfile:
    """One session with one counterparty.

    Attributes:
        counterparty: Its CompID; the other side is ``FIRM``.
        dialect: FIX version.
        market: What is traded, and during which hours.
        heartbeat_seconds: HeartBtInt(108).
        log_style: How our engine logs the session.
        reset: When sequence numbers restart: every day (with or without 141=Y), or every week.
        share: Share of the day's messages.
        transit: Least and most one-way travel time, microseconds.
        turnaround: Least and typical time the counterparty needs to answer, microseconds.
        skew: Their clock minus ours, microseconds.
        accounts: Accounts orders are booked to.
        user: Username on Logon, where there is one.
        prefix: What our ClOrdIDs start with.
        acknowledges_pending: Whether PendingNew, PendingReplace and PendingCancel are sent.
        has_market_data: Whether quotes are subscribed to.
    """

    counterparty: str
    dialect: Dialect
    market: Market
    heartbeat_seconds: int
    log_style: LogStyle
    reset: Literal["daily", "daily-flag", "weekly"]
    share: int
    transit: tuple[int, int]
    turnaround: tuple[int, int]
    skew: int
    accounts: tuple[str, ...]
    user: str | None
    prefix: str
    acknowledges_pending: bool
    has_market_data: bool

    @property
    def name(self) -> str:
        """``FIX.4.2:HARBORAM->KESTREL``, as QuickFIX names sessions."""
        return f"{self.dialect.begin_string}:{FIRM}->{self.counterparty}"


#: Most important first: a simulation too small for all sessions takes the first ones.
PROFILES = (
    SessionProfile(
        counterparty="KESTREL", dialect=FIX42, market="us-equity", heartbeat_seconds=30, log_style="quickfix",
        reset="daily", share=35, transit=(180, 420), turnaround=(600, 3_500), skew=850,
        accounts=("HB-ALPHA", "HB-INDEX", "HB-PENSION"), user=None, prefix="", acknowledges_pending=True,
        has_market_data=False,
    ),
    SessionProfile(
        counterparty="BLUEPEAK", dialect=FIX44, market="london-equity", heartbeat_seconds=30, log_style="log4j-pipe",
        reset="weekly", share=30, transit=(2_100, 3_900), turnaround=(1_500, 9_000), skew=-1_700,
        accounts=("70114422", "70114423", "70118001"), user="harbor_prod", prefix="HB", acknowledges_pending=True,
        has_market_data=False,
    ),
    SessionProfile(
        counterparty="MERIDIAN", dialect=FIX50SP2, market="fx", heartbeat_seconds=30, log_style="quickfix",
        reset="daily-flag", share=27, transit=(350, 900), turnaround=(150, 1_100), skew=40,
        accounts=("HARB-FX1", "HARB-FX2"), user="HARBFX01", prefix="FX", acknowledges_pending=False,
        has_market_data=True,
    ),
    SessionProfile(
        counterparty="TOWERGATE", dialect=FIX40, market="us-equity", heartbeat_seconds=60, log_style="log4j-soh",
        reset="daily", share=8, transit=(4_000, 11_000), turnaround=(20_000, 150_000), skew=210_000,
        accounts=("HB-ALPHA", "HB-SMALL"), user=None, prefix="", acknowledges_pending=False, has_market_data=False,
    ),
)  # fmt: skip
