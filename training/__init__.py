"""Training of the model that ships, and its evaluation.

``train`` goes from a data folder to a model file, ``data`` reads GTZAN, ``sounds`` synthesizes
what is not music, ``fitting`` fits the models, ``evaluation`` scores them, ``robustness`` measures
changes of level and format, ``tagger_conversion`` makes the tagger's ONNX file, ``study`` compares
classifiers (the only part that needs Optuna and PyTorch).
"""
