"""What a verdict looks and sounds like: the picture, the clip and the words."""
