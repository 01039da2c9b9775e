"""The HTTP side: the Bot API, file downloads, webhooks, and the control routes."""
