"""What the enrichment keeps: remembered answers, and what sources still allow."""
