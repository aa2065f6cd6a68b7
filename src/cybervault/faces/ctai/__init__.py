"""The CyberThreat AI contract: one indicator in, a streamed verdict out."""
