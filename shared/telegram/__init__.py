"""The Bot API: the client that bot and workers share."""
