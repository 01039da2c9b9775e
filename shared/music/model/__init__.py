"""From features and tags to a verdict."""
