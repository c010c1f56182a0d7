"""The differences between two finished runs, tested against chance; pure functions of the runs' records.

Conventions of this room: *base* is the earlier run, *head* the one compared with it, and a difference is head
minus base. Only cases that both runs hold, with the same image, are compared.
"""
