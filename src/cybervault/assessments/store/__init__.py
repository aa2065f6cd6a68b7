"""SQL of assessments and findings."""
