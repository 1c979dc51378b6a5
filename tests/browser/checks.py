"""What must hold of the dashboards on any running stack, whoever started it."""

from __future__ import annotations

from pathlib import Path

from tests.browser import other_pages as pages
from tests.browser import superset_pages as superset
from tests.browser.access import Access
from tests.browser.figures import NOTIONAL, TILES, TRADING, amounts, expected, value
from tests.browser.visit import Visit, visiting

#: A filter of the bar → the column of orders that it is about.
FILTERS = {
    "symbol": "symbol",
    "account_name": "account",
    "session_id": "session_id",
    "venue_comp_id": "venue_comp_id",
}
#: Filters on what a latency does not have: those tiles stay as they are.
NOT_OF_LATENCIES = {"account_name", "venue_comp_id"}
LATENCIES = tuple(tile for tile in TRADING if tile.title.startswith("Ack latency"))
BREAKDOWN = "Breakdown by symbol, broker and account"
#: Pages of Prefect, and what each shows of ours. (That of blocks fetches logos from elsewhere.)
PREFECT_PAGES = {
    "runs": "ingested",
    "artifacts": "fixlake-run",
    "variables": "fixlake_quarantine_burst",
    "automations": "fixlake: poll on upload",
    "deployments": "nightly",
}
#: The page's counting pixel, which its policy refuses: all that a dashboard may want from elsewhere.
PIXEL = "https://apachesuperset.gateway.scarf.sh/"


def assert_dashboards(visit: Visit, access: Access, published: Path) -> None:
    """Every dashboard draws every chart, without an error, and its tiles say what SQL says of the snapshot."""
    declared = superset.dashboards()
    assert TILES.keys() <= declared.keys()
    for slug in declared:
        superset.open_dashboard(visit, access, slug)
        visit.shoot(slug)
        assert superset.broken_charts(visit) == {}
        tiles = TILES.get(slug, ())
        assert {tile.title: superset.headline(visit, tile.title) for tile in tiles} == expected(published, tiles)
        if slug == "trading-overview":
            assert _amounts(visit) == amounts(published)
    visit.assert_clean()
    assert [url for url in visit.refused if not url.startswith(PIXEL)] == []


def assert_filters(visit: Visit, access: Access, published: Path) -> None:
    """A value chosen in each filter of the bar, then one clicked in a table and one in a drawing, change every tile to what SQL says of it."""
    superset.open_dashboard(visit, access, "trading-overview")
    for name, column in FILTERS.items():
        tried = value(published, f'select mode({column}) from "03_analytics".fct_orders')
        superset.choose(visit, name, tried)
        visit.shoot(f"filtered-by-{name}")
        assert _seen(visit) == _expected_where(published, name, f"{column} = '{tried}'")
        superset.clear_filters(visit)
        assert _seen(visit) == _trading(published)
    middle = value(published, "select date_trunc('minute', median(first_event_at)) from \"03_analytics\".fct_orders")
    superset.choose_time(visit, middle, "2999-01-01")
    visit.shoot("filtered-by-time")
    from_then = _of_orders(f"first_event_at >= '{middle}'")
    assert _seen(visit) == _trading(published, from_then) | expected(published, LATENCIES, f"measured_at >= '{middle}'")
    superset.clear_filters(visit)
    clicked = superset.rows(visit, BREAKDOWN)[-1][0]
    superset.click_cell(visit, BREAKDOWN, clicked)
    visit.shoot("filtered-by-a-click")
    assert _seen(visit) == _trading(published, f"symbol = '{clicked}'")
    superset.open_dashboard(visit, access, "trading-overview")
    state = value(published, 'select mode(order_state) from "03_analytics".fct_orders where not is_drop_copy')
    # The largest part of the ring begins at the top and goes beyond a quarter.
    superset.click_canvas(visit, "Order status", 0.46, 0.5)
    visit.shoot("filtered-by-a-slice")
    assert _seen(visit) == _trading(published, _of_orders(f"order_state = '{state}'")) | expected(published, LATENCIES)
    visit.assert_clean()


def _expected_where(published: Path, name: str, condition: str) -> dict[str, object]:
    """What the dashboard says of the orders of which a condition is true, as far as the filter is theirs."""
    apart = LATENCIES if name in NOT_OF_LATENCIES else ()
    return _trading(published, _of_orders(condition)) | expected(published, apart)


def _of_orders(condition: str) -> str:
    return f'order_key in (select order_key from "03_analytics".fct_orders where {condition})'


def assert_stack(access: Access, published: Path) -> None:
    """Somebody who logs in to each service of a stack sees all that is there, and their browser asks nobody else."""
    with visiting(access.screenshots) as visit:
        superset.log_in(visit, access)
        assert_dashboards(visit, access, published)
    with visiting(access.screenshots) as visit:
        pages.log_in_to_prefect(visit, access)
        for path, text in PREFECT_PAGES.items():
            pages.open_prefect(visit, access, path, text)
        assert visit.foreign == []
    with visiting(access.screenshots) as visit:
        assert pages.open_data_docs(visit, access) > 0
        pages.open_dbt_docs(visit, access)
        visit.assert_clean()
        assert visit.refused == []


def _seen(visit: Visit) -> dict[str, object]:
    """The tiles of the trading overview, and its table of amounts."""
    tiles = {tile.title: superset.headline(visit, tile.title) for tile in TRADING}
    return tiles | {NOTIONAL: _amounts(visit)}


def _amounts(visit: Visit) -> set[tuple[str, ...]]:
    return {tuple(row) for row in superset.rows(visit, NOTIONAL)}


def _trading(published: Path, where: str = "true") -> dict[str, object]:
    """What they must say."""
    return expected(published, TRADING, where) | {NOTIONAL: amounts(published, where)}
