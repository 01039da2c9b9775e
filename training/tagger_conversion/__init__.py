"""From the published MSD_musicnn checkpoint to the ONNX file that ships.

Run once, by hand: ``genrebot tagger convert``. Needs the dependency group ``convert``.
"""
