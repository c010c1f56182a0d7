"""Load, predict, explain and score: the work of an audit, divided into shards that are done once."""
