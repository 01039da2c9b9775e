"""The processes that make up Genrebot."""
