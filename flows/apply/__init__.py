"""What the Prefect server has to know, put there from files: one module per kind of thing.

Invariant: applying the same files twice changes nothing the second time, and what is marked as ours on the server
and is no longer in the files is removed. Ours are: blocks and limits whose name starts with ``fixlake-``, variables,
automations and deployments with the tag ``fixlake``, work pools whose description names their file.
"""
