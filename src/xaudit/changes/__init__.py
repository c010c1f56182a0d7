"""What moved between two finished runs, and whether it could be chance; pure functions of what the runs hold.

Conventions of this room: *base* is the earlier run, *head* the one that is held against it, and a difference is head
minus base. Only cases that both runs hold, with the same image, are compared.
"""
