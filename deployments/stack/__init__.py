"""The whole stack as plain processes under one home folder: ``fixlake stack up | down | status | logs``.

Invariant: what runs is what the containers run: the same start scripts, with the same variables, in the same order,
on the same ports. Supervision is supervisord's work; order, health and clean-up are ours.
"""
