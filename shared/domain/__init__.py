"""What the product is about: genres, tracks, plans and the states of a job."""
