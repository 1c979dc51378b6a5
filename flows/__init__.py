"""WHEN things run: the order of the steps, the Prefect flows around them, and the command line."""
