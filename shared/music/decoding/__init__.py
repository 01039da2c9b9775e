"""From any file to mono samples at one rate, in slices of bounded size."""
