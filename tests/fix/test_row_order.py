from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from fix_transforms.fix import scanned_rows


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=120), st.sampled_from([1, 32, 1_000]))
def test_rows_of_several_frames_come_in_the_order_of_their_key(homes, most_slices):
    whole = pl.DataFrame({
        "byte_offset": range(len(homes)),
        "text": [f"line {number}" if number % 3 else None for number in range(len(homes))],
        "absent": pl.Series([None] * len(homes), dtype=pl.List(pl.Int32)),
        "tags": [[number] if number % 2 else [] for number in range(len(homes))],
    })  # fmt: skip
    frames = [whole.filter(pl.Series(homes) == home) for home in range(4)]
    kept, scanned_rows._MOST_SLICES = scanned_rows._MOST_SLICES, most_slices
    try:
        assert scanned_rows._in_order(frames, "byte_offset").equals(whole)
    finally:
        scanned_rows._MOST_SLICES = kept
