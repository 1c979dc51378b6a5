"""The static site: Data Docs, dbt docs and reports, served as files and nothing else."""
