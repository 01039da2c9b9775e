"""The processes of the product: the bot, the workers and the command line."""
