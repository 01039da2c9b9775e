"""What commands do that need numeric libraries; imported when a command runs."""
