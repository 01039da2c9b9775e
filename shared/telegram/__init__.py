"""The Bot API, for bot and workers alike.

* ``client``: makes a client.
* ``errors``: one classification of everything that a call can raise.
* ``downloads``: finds and streams a file.
"""
