from __future__ import annotations

import obstore

from fix_transforms.lake.apply import apply
from fix_transforms.lake.batches import decide, pending_batches
from fix_transforms.lake.delta import Lake
from fix_transforms.lake.ingest import discover, ingest
from fix_transforms.lake.stores import open_store
from fix_transforms.marts.build import build
from fix_transforms.marts.publish import publish
from fix_transforms.marts.query import query
from fix_transforms.settings import load_settings


def test_marts_are_built_from_a_lake_on_s3_and_the_secret_stays_out_of_every_file(minio, s3_workspace, fix_message):
    order = fix_message("D", "C", "V", 1, "20240305-10:00:00.000", (11, "O1"), (55, "XYZ"), (54, 1), (38, 5))
    uploader = load_settings(**minio.settings(minio.uploader))
    obstore.put(open_store(uploader.landing), "a.log", order + b"\n")
    lake = Lake(s3_workspace.lake)
    apply(lake)
    ingest(s3_workspace, discover(s3_workspace))
    for batch_id in pending_batches(lake):
        decide(lake, batch_id, "passed", "test", "because the test says so")

    build(s3_workspace)
    publish(s3_workspace)

    settings = s3_workspace.settings
    assert query(settings, "select cl_ord_id from fct_orders").to_dicts() == [{"cl_ord_id": "O1"}]
    secret = s3_workspace.lake.s3.secret_access_key.encode()
    holding = [path for path in settings.home.rglob("*") if path.is_file() and secret in path.read_bytes()]
    assert holding == []
