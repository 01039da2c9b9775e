"""The HTTP side of the emulator.

``app`` serves the Bot API, ``downloads`` files, ``control`` the routes that play people;
``call_reader`` reads requests, ``responses`` builds errors, ``app_keys`` names the shared state.
"""
