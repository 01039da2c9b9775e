"""State in Redis that bot and workers share."""
