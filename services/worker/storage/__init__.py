"""Where workers keep files, blobs and results, and who computes which file."""
