"""Execution of an audit's shards: in this process, in order, or in several processes side by side."""
