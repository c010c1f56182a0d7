"""Networks whose images or answers pass through code of xaudit first."""

import torch


def put_in_front(module: torch.nn.Module, front: type) -> None:
    """Change the network's class in place, so that its forward is that of ``front``, which calls the network's own.

    A wrapper around the network would rename its layers and weights; a deep copy of this one works, too.
    """
    kind = type(module)
    module.__class__ = type(kind.__name__, (front, kind), {"__module__": kind.__module__})
