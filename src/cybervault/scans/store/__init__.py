"""The rows of scans: what may be scanned, what was asked for, what was seen."""
