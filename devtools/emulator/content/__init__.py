"""Content of messages: ``markup`` parses HTML, ``file_signatures`` recognises file formats."""
