"""Superset for FIX Lakehouse: its configuration, its set-up, and the importer of dashboards kept as files.

Invariant: this package runs inside Superset's own environment and imports the standard library, Superset's packages and
nothing else of this project. Only ``environment``, which installs that environment, runs on the project's side.
"""
