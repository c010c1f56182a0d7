"""Who runs the shards of an audit: this process, one after the other, or several processes side by side."""
