"""The 50 tags of a chunk, by the network MSD_musicnn."""
