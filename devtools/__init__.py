"""What developers use around the product: a Bot API emulator, a local stack, the benchmark."""
