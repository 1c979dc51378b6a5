"""The only code that touches storage: object stores, Delta tables and the PostgreSQL ledger."""
