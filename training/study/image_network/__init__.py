"""The image network: genres from spectrogram images (needs PyTorch).

``images`` reads them, ``networks`` and ``training`` define and train the networks,
``augmentation`` varies images, ``ablation`` measures what each change brought.
"""
