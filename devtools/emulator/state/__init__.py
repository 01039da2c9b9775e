"""State of the emulator, in memory.

``emulator_state`` holds the bot and plays people, ``chats`` messages, ``files`` uploads,
``updates`` the update queue, ``webhook`` its delivery, ``events`` the log of changes, ``faults``
and ``limits`` errors on request, ``records`` the types, ``api_objects`` their Bot API form.
"""
