"""What the emulator remembers: chats, events, files, updates, faults and limits."""
