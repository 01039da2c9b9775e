"""Sounds that are no music, synthesized: noise, tones, and texts of ours read aloud.

Everything follows from a seed. No recording is used, so none needs a licence.
"""
