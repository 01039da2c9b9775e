"""What a message holds: markup, objects, keyboards, and kinds of files."""
