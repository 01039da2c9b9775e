"""Whether a track keeps its verdict when the same music arrives louder, or in another format."""
