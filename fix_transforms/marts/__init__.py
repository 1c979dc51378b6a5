"""The marts: dbt over the lake into a private DuckDB file, published as immutable snapshots, queried read-only."""
