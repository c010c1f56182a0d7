"""Who runs the shards of an audit: for now this process, one after the other."""
