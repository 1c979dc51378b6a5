"""The trading-day report: one self-contained HTML page per trading date, computed from a published snapshot."""
