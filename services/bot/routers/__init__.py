"""What the bot answers to, one router per concern."""
