"""Projections of the declared tables: each file turns specs into one consumer's own form."""
