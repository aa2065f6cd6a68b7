"""CyberVault: one observable in, one explained verdict out."""

from typing import Final

__version__: Final = "0.1.0"
