"""A small web service between MinIO and Prefect: an object that landed becomes an event on the Prefect server.

Invariant: nothing but the name of the bucket and a count gets from a notification to anywhere; keys of objects,
tokens and bodies are never logged or passed on.
"""
